"""Says in both languages what each rejection code means, for whoever must act; an unknown code is shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.words import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSALS: Final[Mapping[str, Label]] = {
    "authorise.act": Label("该账号无权代人操作", "this bus user may not act for people"),
    "authorise.case": Label(
        "该办件由另一连接报送，两者无共同部门", "another connection reports this case, and they share no department"
    ),
    "authorise.connection": Label("连接未登记", "the connection is not registered"),
    "authorise.department": Label("该连接无权代表此部门", "the connection may not speak for this department"),
    "authorise.envelope": Label("信封与内容不符", "the envelope does not fit its content"),
    "authorise.event-id": Label("事件标识与内容不符", "the id is not that of this event"),
    "authorise.message-name": Label(
        "同一读取的同一序号下内容不同", "another message has the same read and ordinal, and says something else"
    ),
    "authorise.paper-id": Label("文书标识与内容不符", "the id is not that of this document"),
    "authorise.partition": Label("报文送错了分区", "the message went to the wrong partition"),
    "authorise.speaker": Label("该账号无权代表此连接", "this bus user may not speak for the connection"),
    "authorise.subject": Label("事件主体不是该办件", "the subject is not the case"),
    "decode.bad-dbf": Label("DBF 表不完整或已损坏", "the DBF table is broken, or breaks off"),
    "decode.bad-encoding": Label("字节与声明的编码不符", "the bytes are not of the declared encoding"),
    "decode.bad-gzip": Label("压缩文件不完整", "the packed file is not whole"),
    "decode.bad-header": Label("表头无法识别", "the header row cannot be used"),
    "decode.bad-json": Label("不是有效的 JSON", "this is no JSON"),
    "decode.bad-pack": Label("压缩包损坏、加锁或有害", "the archive is broken, locked, or does harm"),
    "decode.bad-record": Label("该元素不是独立的记录", "the element is no record by itself"),
    "decode.bad-row": Label("数据库行无法还原", "the bytes are no database row"),
    "decode.bad-workbook": Label("工作簿无法打开", "the workbook cannot be opened"),
    "decode.bad-xml": Label("不是有效的 XML", "this is no well-formed XML"),
    "decode.day-manifest": Label("日清单无法读取", "what the department says of its days cannot be read"),
    "decode.dtd": Label("XML 自带定义（DTD），不予读取", "the XML brings definitions of its own (a DTD)"),
    "decode.encoding-conflict": Label("文件自称的编码与声明不符", "the file names another encoding than the mapping"),
    "decode.garbled": Label("文本在到达之前已成乱码", "a text was garbled before it came"),
    "decode.manifest": Label("文件与其清单不符", "the file is not what its manifest says"),
    "decode.more-fields": Label("无列名的列中有值", "a value in a column without a name"),
    "decode.name-again": Label(
        "同名文件曾以不同内容采用", "a file of this name was taken before, and held something else"
    ),
    "decode.no-header": Label("首行没有逐一列出列名", "the first row does not name each column"),
    "decode.no-json": Label("应答不是 JSON", "the answer is no JSON"),
    "decode.no-key": Label("该行缺少标识字段", "the row lacks the field that tells rows apart"),
    "decode.no-log": Label("文件中没有日志", "the file holds no log"),
    "decode.no-object": Label("该行不是 JSON 对象", "the line is no JSON object"),
    "decode.no-record": Label("其中没有记录", "there is no record in it"),
    "decode.no-rows": Label("应答或文档中没有所声明的列表", "the list is not where it is declared"),
    "decode.no-soap": Label("应答不是 SOAP 消息", "the answer is no SOAP message"),
    "decode.no-xml": Label("不是可读取的 XML", "this is no XML that can hold records"),
    "decode.stray-quote": Label("引号不成对", "a quotation mark is out of place"),
    "decode.too-deep": Label("嵌套层次过深", "elements are nested too deep"),
    "decode.too-large": Label("记录过大", "the record is too large"),
    "decode.truncated": Label("文件不完整", "the file is cut off"),
    "decode.unknown-format": Label("文件名看不出格式", "the name of the file does not say its format"),
    "decode.wrong-fields": Label("字段数与表头不符", "the row has more or fewer fields than the header"),
    "decode.wrong-width": Label("行长与各字段宽度不符", "the line is not as long as its fields"),
    "map.bad-boolean": Label("既非“是”也非“否”", "the value is neither true nor false"),
    "map.bad-money": Label("金额超过两位小数", "the amount has more than two decimals"),
    "map.bad-number": Label("不是数字", "the value is no number"),
    "map.bad-organisation": Label("机构代码有误或校验位不符", "no organisation code, or a wrong check digit"),
    "map.bad-text": Label("文本含有残缺字符", "the text holds half a character"),
    "map.bad-time": Label("时间无法识别或不存在", "the time cannot be read, or does not exist"),
    "map.foreign-department": Label("该连接无权代表此部门", "the connection may not speak for this department"),
    "map.many-values": Label("应为一个值，实有多个", "several values where one is wanted"),
    "map.missing": Label("缺少必填值", "a required value is absent"),
    "map.not-a-record": Label("不是带字段名的记录", "this is no record with named fields"),
    "map.not-text": Label("应为单个值，实为嵌套结构", "a nested value where one text or number is wanted"),
    "map.owned": Label("该字段由枢纽填写", "this field is the hub's to say"),
    "map.too-long": Label("文本过长", "the text is too long"),
    "map.too-many": Label("一条记录内的下级记录过多", "too many records within one"),
    "map.unknown-code": Label("代码表中没有此代码", "the code is not in its table"),
    "supervise.fault": Label("监察处理出错，请报告运维", "the hub itself failed on it: tell the operator"),
    "validate.additionalproperties": Label("含有未定义的字段", "a field that the schema does not know"),
    "validate.base64": Label("封存字节不是 base64", "the sealed bytes are no base64"),
    "validate.enum": Label("取值不在规定的代码之内", "the value is none of those allowed"),
    "validate.format": Label("格式不符", "the value has the wrong format"),
    "validate.json": Label("报文不是有效的 JSON", "the message is no JSON"),
    "validate.kind": Label("报文种类未知", "the hub takes no messages of this kind"),
    "validate.maxlength": Label("文本超过规定长度", "the text is longer than the schema allows"),
    "validate.minlength": Label("文本为空或过短", "the text is empty or too short"),
    "validate.null": Label("文本含有空字符", "the text holds the character U+0000"),
    "validate.pattern": Label("写法不符合规定", "the value is not written as the schema asks"),
    "validate.records": Label("读取报告的各项数目不相符", "the counts of the read-report do not add up"),
    "validate.required": Label("缺少必填字段", "a required field is absent"),
    "validate.type": Label("值的类型不符", "the value is of the wrong type"),
    "validate.unwritable": Label("该值无法写成 JSON", "no JSON can hold the value"),
}
"""What a refused record suffers from, by the code of its rejection."""


def refusal(code: str) -> Label | None:
    """Return what `code` means; None where only the problem itself can say it."""
    return REFUSALS.get(code)
