"""Decides what of a citizen's form is a complaint, and what record it becomes: what is wrong is said field by field."""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from hub.model.codes import code_list
from hub.model.organisations import is_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

CONTENT_CHARS: Final = 4000
"""Longest text of a complaint (GeoReport v2 allows as much)."""

CHARS: Final[Mapping[str, int]] = {
    "title": 100, "content": CONTENT_CHARS, "person": 50, "related": 100, "name": 50, "phone": 30, "email": 100,
    "reason": 1000,
}  # fmt: skip
"""Most characters of each text."""

TRACKS: Final[Mapping[str, str]] = {
    "complaint": "hotline", "report": "report", "help": "hotline", "suggestion": "opinion", "enquiry": "opinion",
}  # fmt: skip
"""The track that each kind goes: a report 举报 to where reports go, never to ordinary dispatch (Petition Reg. 30)."""

CATEGORIES: Final = ("delay", "conduct", "fee", "refusal", "procedure", "integrity", "other")

CLASSES: Final[Mapping[str, str]] = {"report": "restricted"}
"""Class of disclosure by kind; what is not here is for the intranet: a complaint is never public."""

FLAGS: Final = ("anonymous", "confidential")

_TURNED: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
"""Marks that turn the direction of writing, with which a text can be made to read as another."""

_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{4,28}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


class Wrong(NamedTuple):
    """What is wrong with one field, in both languages."""

    field: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a citizen says, cleaned."""

    kind: str
    category: str = ""
    title: str = ""
    content: str = ""
    department: str = ""
    person: str = ""
    region: str = ""
    related: str = ""
    anonymous: bool = False
    confidential: bool = False
    name: str = ""
    phone: str = ""
    email: str = ""


def read(form: Mapping[str, Any], departments: Collection[str] | None, *, city: str) -> tuple[Said, Sequence[Wrong]]:
    """Read a form; return what it says, and all that is wrong with it.

    `departments` are those that one may complain of (None: nobody knows just now, any code will do). An anonymous
    complainant's name and contact are left out, whatever the form holds.
    """
    texts = {name: cleaned(form.get(name), is_long=name == "content") for name in CHARS if name != "reason"}
    flags = {name: _is_set(form.get(name)) for name in FLAGS}
    coded = {name: cleaned(form.get(name)) for name in ("kind", "category", "department", "region")}
    if flags["anonymous"]:
        texts |= dict.fromkeys(("name", "phone", "email"), "")
    fields: dict[str, Any] = {**texts, **flags, **coded, "region": coded["region"] or city}
    said = Said(**fields)
    return said, [*_too_long(texts), *_misnamed(said, departments), *_missing(said)]


def cleaned(value: object, *, is_long: bool = False) -> str:
    """Return a text in normal form C, without what nobody sees: control characters, half characters, turned writing.

    Of a long one lines are kept. Characters that this Python does not know yet are kept too: rare names have some.
    """
    text = unicodedata.normalize("NFC", value if isinstance(value, str) else "")
    text = text.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    kept = "\n\t" if is_long else ""
    plain = (" " if unicodedata.category(char) == "Cc" and char not in kept else char for char in text)
    return "".join(plain).translate(_TURNED).strip()


def record(said: Said, *, number: str, at: str, seal: Callable[[bytes], bytes]) -> dict[str, Any]:
    """Return the record of a complaint (mappings/city-complaints/portal.yaml). The contact leaves only sealed."""
    contact = {name: getattr(said, name) for name in ("name", "phone", "email") if getattr(said, name)}
    sealed = base64.b64encode(seal(orjson.dumps(contact))).decode() if contact else ""
    told = {
        "move": "registered",
        "no": number,
        "at": at,
        "region": said.region,
        "disclosure": CLASSES.get(said.kind, "intranet"),
        "kind": said.kind,
        "track": TRACKS[said.kind],
        "category": said.category,
        "title": said.title,
        "content": said.content,
        "respondent": said.department,
        "person": said.person,
        "related": said.related,
        "name": said.name,
        "phone": said.phone,
        "contact_sealed": sealed,
        "anonymous": said.anonymous,
        "confidential": said.confidential,
        "real_name": bool(said.name and said.phone),
    }
    return {name: value for name, value in told.items() if value != ""}


def _is_set(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("1", "on", "true", "yes"))


def _too_long(texts: Mapping[str, str]) -> list[Wrong]:
    return [
        Wrong(
            name, f"最多 {CHARS[name]} 字，现有 {len(text)} 字。", f"At most {CHARS[name]} characters, not {len(text)}."
        )
        for name, text in texts.items()
        if len(text) > CHARS[name]
    ]


def _misnamed(said: Said, departments: Collection[str] | None) -> list[Wrong]:
    known = is_organisation(said.department) if departments is None else said.department in departments
    checks = (
        ("kind", said.kind in TRACKS, "请选择诉求类别。", "Choose what it is."),
        ("category", said.category in ("", *CATEGORIES), "请从清单中选择。", "Choose from the list."),
        ("department", not said.department or known, "请从清单中选择部门。", "Choose a department from the list."),
        ("region", said.region in code_list("regions"), "请从清单中选择地区。", "Choose a region from the list."),
        ("phone", not said.phone or bool(_PHONE.fullmatch(said.phone)), "请填写电话号码。", "This is no phone number."),
        (
            "email",
            not said.email or bool(_EMAIL.fullmatch(said.email)),
            "请填写电子邮箱。",
            "This is no e-mail address.",
        ),
    )
    return [Wrong(name, zh, en) for name, is_right, zh, en in checks if not is_right]


def _missing(said: Said) -> list[Wrong]:
    lacking = [name for name in ("title", "content") if not getattr(said, name)]
    found = [Wrong(name, "请填写。", "Fill this in.") for name in lacking]
    if not said.anonymous and not said.name:
        found.append(Wrong("name", "请填写姓名，或选择匿名。", "Give your name, or choose to stay anonymous."))
    if not said.anonymous and not (said.phone or said.email):
        found.append(
            Wrong(
                "phone",
                "请填写电话或邮箱，以便答复。",
                "Give a phone number or an e-mail, so that you can be answered.",
            )
        )
    return found
