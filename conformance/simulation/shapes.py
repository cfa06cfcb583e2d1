"""How each simulated system writes what it knows: its columns, its words, and the mapping that reads them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Final

from conformance.simulation.directory import GARDENS, HOUSING, PLANNING
from conformance.simulation.plan import OFFICES, SCENARIOS
from conformance.simulation.told import connection_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.simulation.model import SimCase, Step

CHANNELS: Final = {"window": "1", "online": "2"}
UNKNOWN_CHANNEL: Final = "9"
"""In no system's list, so that its record must be refused."""

INTEGERS: Final = frozenset({"n", "source_version"})
BOOLEANS: Final = frozenset({"designated", "solved", "real_name", "received", "deferred", "initial_review"})
YES, NO = "是", "否"

MATERIALS: Final = 2
ITEMS: Final = 2
"""Places for materials, and for items of a notice, in one row."""

ALLOWED_DELAY: Final = "8d"
"""Records are handed over by the week, and read within the day."""

_PINYIN: Final = {
    "serial": "SBLSH", "changed": "GXSJ", "no": "AJBH",
    "department": "BMBM", "matter": "SXBM", "power": "QLLX", "type": "BJLX",
    "channel": "SBLY", "disclosure": "GKSX", "title": "AJMC", "name": "DSR", "kind": "DSRLX", "id": "ZJHM",
    "phone": "LXDH", "family": "YWLB", "step": "HJ", "occurrence": "CX", "version": "BB", "occurred": "YWSJ",
    "recorded": "LRSJ", "operator.staff_code": "RYBH", "operator.second_staff_code": "RYBH2",
}  # fmt: skip
_CHINESE: Final = {
    "no": "案件编号", "department": "部门编码", "matter": "事项编码",
    "power": "权力类型", "type": "办件类型", "channel": "来源",
    "disclosure": "公开属性", "title": "案由", "name": "当事人",
    "kind": "当事人类型", "id": "证件号码", "phone": "电话",
    "family": "业务类别", "procedure": "程序", "step": "环节",
    "occurrence": "次序", "version": "版本", "occurred": "发生时间",
    "recorded": "录入时间", "operator.staff_code": "执法人员", "operator.second_staff_code": "协办人员",
    "discretion.violation_code": "违法行为", "discretion.tier_code": "裁量档次", "discretion.amount": "罚款金额",
    "result.code": "处理结果", "payment.amount": "缴款金额", "payment.receipt_no": "票据号",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system: what its mapping says of how it is read, and by which names it calls things.

    `names` gives its own names; what is not there keeps the hub's, with `_` for dots. `nested`: steps stand in a list
    of their case.
    """

    name: str
    kind: str
    connect: Mapping[str, Any]
    read: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    moment: str = "%Y-%m-%d %H:%M:%S"
    departments: tuple[str, ...] = ()
    nested: str = ""

    def column(self, path: str) -> str:
        """Return the system's name of a field."""
        return self.names.get(path, path.replace(".", "_"))


def _files(variable: str, stem: str, form: str, **more: Any) -> dict[str, Any]:
    names = {"path": f"${{{variable}}}", "pattern": f"{stem}-*", "format": form}
    return {**names, "complete": "rename", "watermark": "mtime", "every": "60s", **more}


_CHANGED: Final = {"settle": "2m", "overlap": "10m"}
_RATE: Final = {"requests": 1000, "per": "1s"}
"""These services are the simulation's own, and need no sparing."""

SYSTEMS: Final = (
    System(name="housing", kind="database", departments=(HOUSING, PLANNING, GARDENS), connect={
        "url": "${SIM_HOUSING_URL}", "table": "inf_apply_process", "key": "serial", "every": "30s",
        "cursor": {"column": "update_date", "settle": "2m"},
        "acknowledge": {"sign": "sync_sign", "at": "sync_date", "error": "sync_error_desc"}}),
    System(name="market", kind="files", connect=_files("SIM_MARKET", "market", "csv"), names=_CHINESE,
           moment="%Y%m%d%H%M%S", read={"encoding": "gb18030"}),
    System(name="urban", kind="files", connect=_files("SIM_URBAN", "urban", "xml", record="AJ"), names=_PINYIN),
    System(name="hotline", kind="rest", moment="%Y-%m-%dT%H:%M:%S", connect={
        "url": "${SIM_HOTLINE_URL}", "rows": "data", "key": "serial", "paging": {"by": "page"}, "every": "60s",
        "rate": _RATE, "cursor": {"column": "changed", **_CHANGED},
        "auth": {"kind": "bearer", "token": "${SIM_HOTLINE_TOKEN}"}}),
    System(name="resources", kind="soap", names=_PINYIN, read={"encoding": "gbk"}, connect={
        "url": "${SIM_RESOURCES_URL}", "version": "1.1", "action": "urn:centre:queryCases",
        "request": ('<c:queryCases xmlns:c="urn:centre"><c:begin>{since}</c:begin><c:end>{until}</c:end>'
                    "<c:page>{page}</c:page></c:queryCases>"),
        "time_format": "%Y-%m-%d %H:%M:%S", "embedded": "return", "rows": "BJ", "key": "SBLSH",
        "paging": {"by": "page"},
        "cursor": {"column": "GXSJ", **_CHANGED}, "every": "60s", "rate": _RATE,
        "auth": {"kind": "basic", "user": "hub", "password": "${SIM_RESOURCES_PASSWORD}"}}),
    System(name="county", kind="files", nested="steps", moment="%Y-%m-%dT%H:%M:%S",
           connect=_files("SIM_COUNTY", "county", "jsonl", manifest={"files": "*.days"})),
    System(name="archives", kind="files", connect=_files("SIM_ARCHIVES", "archives", "csv")),
)  # fmt: skip
"""Every kind of connector: a database, files in GB 18030, XML, JSON lines and CSV, a REST office, a SOAP centre."""

BY_NAME: Final = {system.name: system for system in SYSTEMS}
KINDS: Final = tuple(dict.fromkeys(system.kind for system in SYSTEMS))
"""The kinds of connectors that read them."""

CASE_PATHS: Final = ("no", "department", "matter", "power", "type", "channel", "disclosure", "title", "name",
                     "kind", "id", "phone", "family")  # fmt: skip
STEP_PATHS: Final = ("step", "occurrence", "version", "occurred", "recorded")


@lru_cache(maxsize=16)
def types_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return by event type the fields that a system may fill, as paths; corrections come first."""
    found: dict[str, dict[str, None]] = {}
    for scenario in SCENARIOS:
        if scenario.system == name:
            for draft in scenario.life(Random(1)):  # noqa: S311 - whatever it draws, the fields are the same
                found.setdefault(draft.type, {}).update(dict.fromkeys(path for path, _ in _flat(draft.fields)))
    ordered = sorted(found, key=lambda kind: kind != "case.corrected")
    return {kind: tuple(found[kind]) for kind in ordered}


@lru_cache(maxsize=16)
def about_of(name: str) -> tuple[str, ...]:
    """Return the further fields of a case that a system may fill, as paths."""
    known = {
        "family",
        "matter_code",
        "power_type",
        "case_type",
        "channel",
        "department_id",
        "disclosure",
        "applicant_kind",
    }
    found: dict[str, None] = {}
    for scenario in SCENARIOS:
        if scenario.system == name:
            abouts = [scenario.about, *(draft.about for draft in scenario.life(Random(1)))]  # noqa: S311
            for about in abouts:
                rest = {key: value for key, value in about.items() if key not in known}
                found.update(dict.fromkeys(path for path, _ in _flat(rest)))
    if name == "hotline":
        found["complaint.related_case_no"] = None
    return tuple(found)


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Write fields as paths and texts; lists by their places."""
    for key, value in fields.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{path}.")
        elif isinstance(value, list):
            for place, each in enumerate(value, 1):
                yield from _flat(
                    each if isinstance(each, dict) else {"": each},
                    f"{path}.{place}." if isinstance(each, dict) else f"{path}.{place}",
                )
        else:
            yield path, (YES if value else NO) if isinstance(value, bool) else str(value)


def case_row(case: SimCase, system: System, about: Mapping[str, Any]) -> dict[str, str]:
    """Return what a record says of its case, by the hub's names of the fields."""
    name, kind, number, phone = case.person
    known = {
        "no": case.case_no,
        "department": about["department_id"],
        "matter": about.get("matter_code", ""),
        "power": about.get("power_type", ""),
        "type": about.get("case_type", ""),
        "channel": CHANNELS.get(about["channel"], UNKNOWN_CHANNEL),
        "disclosure": about["disclosure"]["class"],
        "title": "模拟办件",
        "name": name,
        "kind": kind,
        "id": number,
        "phone": phone,
        "family": about["family"],
    }
    rest = {path.partition(".")[0] for path in about_of(system.name)}
    return known | dict(_flat({key: value for key, value in about.items() if key in rest}))


def step_row(step: Step, system: System) -> dict[str, str]:
    """Return what a record says of one step, by the hub's names of the fields."""
    return {
        "step": step.type,
        "occurrence": step.occurrence,
        "version": str(step.version),
        "occurred": step.occurred_at.strftime(system.moment),
        "recorded": step.recorded_at.strftime(system.moment),
        **dict(_flat(step.fields)),
    }


def columns_of(system: System) -> list[str]:
    """Return every field of a system's rows, by the hub's names, in order."""
    fields = dict.fromkeys(path for paths in types_of(system.name).values() for path in paths)
    return [*CASE_PATHS, *about_of(system.name), *STEP_PATHS, *fields]


def mapping_of(system: System) -> dict[str, Any]:
    """Return the mapping of a system (schemas/mapping.v1)."""
    own = OFFICES[system.name]
    names = (
        {system.column(path): f"{system.nested}/{system.column(path)}" for path in _of_steps(system)}
        if system.nested
        else {}
    )
    about = {path: _value(path, system) for path in about_of(system.name)}
    department: Any = own.department
    if system.departments:
        department = {"from": system.column("department"), "allow": [*system.departments]}
    return {
        "connection": connection_of(system.name),
        "version": 1,
        "department": department,
        "kind": system.kind,
        "connect": dict(system.connect),
        "allowed_delay": ALLOWED_DELAY,
        "read": {"timezone": "Asia/Shanghai", **system.read, **({"names": names} if names else {})},
        "codes": {"channel": {code: word for word, code in CHANNELS.items()}},
        "case": {
            "key": system.column("no"),
            "source_case_no": system.column("no"),
            "family": system.column("family"),
            "matter_code": system.column("matter"),
            "power_type": system.column("power"),
            "case_type": system.column("type"),
            "region_code": f"'{own.region}'",
            "channel": f'code("channel", {system.column("channel")})',
            "title": system.column("title"),
            "applicant": _person(system),
            "disclosure": {"class": system.column("disclosure")},
            **_tree(about),
        },
        "events": [_event(kind, paths, system) for kind, paths in types_of(system.name).items()],
    }


def _of_steps(system: System) -> list[str]:
    return [path for path in columns_of(system) if path not in (*CASE_PATHS, *about_of(system.name))]


def _person(system: System) -> str:
    name, number, phone, kind = (system.column(path) for path in ("name", "id", "phone", "kind"))
    return f"person({name}, id={number}, phone={phone}, kind={kind})"


def _event(kind: str, paths: tuple[str, ...], system: System) -> dict[str, Any]:
    said: dict[str, Any] = {"type": kind, **({"each": system.nested} if system.nested else {})}
    fields = {path: _value(path, system) for path in paths}
    return said | {
        "when": f'{system.column("step")} == "{kind}"',
        "occurrence": system.column("occurrence"),
        "version": system.column("version"),
        "occurred_at": f"time({system.column('occurred')})",
        "recorded_at": f"time({system.column('recorded')})",
        **_tree(fields),
    }


def _value(path: str, system: System) -> str:
    column = system.column(path)
    last = path.rpartition(".")[2]
    if last in INTEGERS:
        return f"integer({column})"
    if last in BOOLEANS:
        return f'({column} == "{YES}") if present({column}) else None'
    if path == "correction_of":
        return f'event_id("case.accepted", {system.column("no")}) if present({column}) else None'
    return column


def _tree(fields: Mapping[str, str]) -> dict[str, Any]:
    """Put paths back into the objects and lists that they are of."""
    tree: dict[str, Any] = {}
    for path, value in fields.items():
        node = tree
        *steps, last = path.split(".")
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node)]
    return {key: _listed(value) for key, value in node.items()}
