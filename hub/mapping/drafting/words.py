"""The words by which systems call what a case event wants: Chinese, English, and the initials of pinyin.

Two generations of databases name columns by initials: AJBH is 案件编号, SLSJ 受理时间. The standard tables (GB/T
39046-2020, `up_pro_*`, Jiangsu `inf_*`) have names of their own. The first words of a line say it best.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final[Mapping[str, str]] = {
    "case/source_case_no": (
        "办件编号 案件编号 申办流水号 业务流水号 受理编号 project_no internal_no case_no case_id "
        "unique_key service_request_id concept:name case:concept:name bjbh ajbh sblsh ywlsh slbh"
    ),
    "case/matter_code": ("实施编码 事项编码 权力编码 task_code item_id matter_code service_code ssbm sxbm qlbm"),
    "case/base_code": "基本编码 catalog_code base_code jbbm",
    "case/business_item_code": "业务办理项编码 业务办理项 task_handle_item dept_yw_reg_no ywblxbm",
    "case/matter_version": "事项版本 版本号 task_version matter_version sxbb",
    "case/matter_name": "事项名称 task_name item_name matter_name service_name complaint_type sxmc",
    "case/title": "办件名称 项目名称 标题 project_name apply_name title descriptor bjmc xmmc bt",
    "case/region_code": "行政区划 区划代码 行政区划代码 area_no region_code xzqh qhdm xzqhdm",
    "case/case_type": "办件类型 办理类型 project_type apply_type case_type bjlx bllx",
    "case/channel": "申报来源 申报来源代码 申请方式 sb_way channel open_data_channel_type sbly sqfs",
    "case/handling_office": ("受理单位 受理部门 承办单位 处室 org_name department agency agency_name sldw slbm cbdw"),
    "person/name": (
        "申请人 申请人名称 申请者名称 行政相对人名称 applyer_name apply_person applicant sqr sqrmc sqrxm xdrmc"
    ),
    "person/id": "证件号码 申请人证件号码 申请者证件号码 applyer_page_code card_no zjhm sqrzjhm",
    "person/phone": "联系电话 手机号码 联系人手机 contact_mobile mobile phone lxdh sjhm",
    "person/kind": "申请人类型 申请者类型 applyer_type person_type sqrlx",
    "person/id_type": "证件类型 申请者证件类型 applyer_page_type card_type zjlx",
    "received": (
        "申请时间 收件时间 申办时间 登记时间 apply_date created_date startdate case:startdate "
        "requested_datetime sqsj sjsj sbsj djsj"
    ),
    "accepted": "受理时间 accept_date slsj",
    "promised": (
        "承诺办结时间 承诺办结日期 承诺时间 承诺日期 限办截止时间 办理期限 promise_date due_date deadline "
        "case:deadline expected_datetime cnbjsj xbjzsj"
    ),
    "decided": "决定时间 决定日期 decide_date xk_jdrq cf_jdrq jdsj jdrq",
    "closed": "办结时间 结案时间 result_date finish_date closed_date enddate case:enddate bjsj jasj",
    "delivered": "送达时间 领取时间 deliver_date sdsj lqsj",
    "result": "办结结果 办理结果 result_type result_code bjjg bljg",
    "certificate_no": "证照编号 证件编号 结果证照编号 result_cetr_no zzbh xk_xkbh",
    "stage": "环节名称 process_name tache_name concept:name org:task hjmc",
    "stage_at": "环节结束时间 处理时间 event_end_time process_date time:timestamp hjjssj clsj",
    "stage_begins": "环节开始时间 event_start_time hjkssj",
    "special_begins": "特别程序开始时间 special_time start_time tbcxkssj",
    "special_ends": "特别程序结束时间 end_time tbcxjssj",
    "special_name": "特别程序名称 special_name event_name tbcxmc",
    "special_reason": "启动理由 特别程序启动理由 special_reason start_note qdly",
    "recorded": "录入时间 create_date lrsj",
    "version": "更新时间 同步时间 cd_time update_date gxsj tbsj",
    "operator": "经办人工号 经办人编号 user_staff_code staff_code jbrgh jbrbh",
    "opinion": "办理意见 处理意见 handle_explain note blyj clyj",
    "row": "流水号 row_guid row_id concept:instance no",
}
"""By target, every word that a column for it is known to have."""

_PARTS: Final = re.compile(r"[^0-9a-z\u3400-\u9fff:]+")


def plain(name: str) -> str:
    """Return a name as words are compared: lower case, `_` between parts, camel case taken apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return _PARTS.sub("_", apart.lower()).strip("_")


KNOWN: Final[Mapping[str, Mapping[str, int]]] = {
    target: {plain(word): rank for rank, word in enumerate(text.split())} for target, text in WORDS.items()
}
