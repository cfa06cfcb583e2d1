"""Reads settings.toml and the environment once, into frozen values, and reports every problem at once."""

from __future__ import annotations

import os
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from hub.errors import Fault, Misconfigured
from hub.model.codes import code_list
from hub.notify_settings import NotifySection
from hub.resources import ROOT
from hub.supervision.instruments import AUTHORITIES, Office
from hub.supervision.law import LawParameter, law_from
from hub.supervision.rules.tuning import Override, Tuning

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERRIDES: Final = {
    "SUNLIGHT_DATA_DIR": ("hub", "data_dir"),
    "SUNLIGHT_STORE_URL": ("store", "url"),
    "SUNLIGHT_BUS_URL": ("bus", "url"),
    "SUNLIGHT_BUS_MANAGEMENT": ("bus", "management"),
    "SUNLIGHT_PARTITIONS": ("bus", "partitions"),
    "SUNLIGHT_MAPPINGS": ("mappings", "folder"),
    "SUNLIGHT_GATEWAY_PORT": ("gateway", "port"),
    "SUNLIGHT_PUBLIC_PORT": ("public", "port"),
    "SUNLIGHT_PUBLIC_STORE_URL": ("public", "store"),
}
"""Environment variables that stand above the file, and what they set."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        problem = f"unknown time zone {name!r}"
        raise ValueError(problem) from unknown
    return name


def _readable(url: str) -> str:
    try:
        urlsplit(url).port  # noqa: B018 - asking is the check
    except ValueError as wrong:
        problem = "the URL cannot be read: write scheme://user@host:port/name"
        raise ValueError(problem) from wrong
    return url


_Url = Annotated[str, AfterValidator(_readable)]
"""A URL that may hold a password: what is wrong with it is said without quoting it."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubSection(_Section):
    """[hub]."""

    city: str = Field(default="321200", pattern="^[0-9]{6}$")
    timezone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    data_dir: Path = Path("var")


class StoreSection(_Section):
    """[store]."""

    url: _Url = Field(default="sqlite:///{data_dir}/hub.db", pattern=r"^(sqlite|postgresql(\+psycopg)?)://")


class BusSection(_Section):
    """[bus]."""

    url: _Url = Field(default="embedded:///{data_dir}/bus.db", pattern="^(embedded|amqps?)://")
    partitions: int = Field(default=2, ge=1, le=256)
    management: _Url = Field(default="", pattern="^(https?://.*)?$")


class FeedSection(_Section):
    """[feed]."""

    views: tuple[Literal["public", "intranet", "restricted"], ...] = ("intranet",)


class MappingsSection(_Section):
    """[mappings]."""

    folder: Path = Path("mappings")


class SupervisionSection(_Section):
    """[supervision]."""

    batch: int = Field(default=500, ge=1, le=10_000)
    lease_s: float = Field(default=30, gt=0)
    patrol_s: float = Field(default=1, gt=0)


class ParameterSection(_Section):
    """[[rules.parameter]]."""

    rule: str
    name: str
    value: int | float | str
    source: str = Field(min_length=1)
    valid_from: date | None = None
    valid_to: date | None = None


class RulesSection(_Section):
    """[rules]."""

    off: tuple[str, ...] = ()
    shadow: tuple[str, ...] = ()
    parameter: tuple[ParameterSection, ...] = ()

    @property
    def tuning(self) -> Tuning:
        """Return what the operator changes in the rules."""
        overrides = [Override(**each.model_dump()) for each in self.parameter]
        return Tuning(off=self.off, shadow=self.shadow, overrides=overrides)


class LawSection(_Section):
    """[[law]]: a limit that a law sets where the catalogue says nothing; goes before those that the hub knows."""

    kind: str = Field(pattern="^[a-z_]+$")
    power_type: str = Field(default="", pattern="^([0-9]{2})?$")
    n: int = Field(ge=0, le=3650)
    unit: Literal["working_day", "calendar_day", "hour", "working_hour"] = "working_day"
    title: str = Field(min_length=1)
    article: str = Field(min_length=1)
    valid_from: date
    valid_to: date | None = None


class ConformanceSection(_Section):
    """[conformance]."""

    org: str = Field(default="监察机关 supervision bureau", min_length=1, max_length=200)
    status_url: str = Field(default="http://127.0.0.1:8321/v1/conformance/status.jws", pattern="^https?://")
    every_s: float = Field(default=60, gt=0)
    schema_obsoleted: dict[str, date] = Field(default_factory=dict)


class PapersSection(_Section):
    """[papers]."""

    prefix: str = Field(default="", max_length=10)
    font: str = ""
    names: dict[str, str] = Field(default_factory=dict)

    @field_validator("names")
    @classmethod
    def _known(cls, names: dict[str, str]) -> dict[str, str]:
        known = code_list(AUTHORITIES)
        if unknown := [name for name in names if name not in known]:
            problem = f"no authority {unknown[0]!r}: one of {', '.join(known.rows)}"
            raise ValueError(problem)
        return names

    @property
    def office(self) -> Office:
        """Return how papers are numbered and signed."""
        return Office(prefix=self.prefix, names=self.names)


class ScoresSection(_Section):
    """[scores]."""

    freeze_day: int = Field(default=10, ge=0, le=28)
    revisit_months: int = Field(default=12, ge=0, le=120)
    indicators: tuple[Path, ...] = ()


class AttachmentsSection(_Section):
    """[attachments]."""

    folder: Path | None = None
    largest_mb: int = Field(default=50, ge=1, le=2000)
    keep_months: int = Field(default=0, ge=0, le=1200)
    """Months after the end of its case for which a file is kept; 0: for good."""
    scanner: str = Field(default="", pattern=r"^(|[A-Za-z0-9.-]+:[0-9]{1,5})$")


class GatewaySection(_Section):
    """[gateway]."""

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)


class PublicSection(_Section):
    """[public]: the public site, a process of its own that holds no rights to the inner side."""

    on: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=8322, ge=0, le=65535)
    store: _Url = Field(default="", pattern=r"^((sqlite|postgresql(\+psycopg)?)://.*)?$")
    connection: str = Field(default="city.complaints.portal", pattern="^[a-z0-9._-]{1,100}$")
    ratings: str = Field(default="city.ratings.portal", pattern="^[a-z0-9._-]{1,100}$")
    open311: bool = False
    proxies: int = Field(default=0, ge=0, le=8)
    lookups_per_minute: int = Field(default=30, ge=1, le=10_000)
    submissions_per_hour: int = Field(default=20, ge=1, le=10_000)
    rating_days: int = Field(default=30, ge=0, le=3650)


class Settings(_Section):
    """Everything an operator sets. Paths are absolute or relative to the working directory."""

    hub: HubSection = HubSection()
    store: StoreSection = StoreSection()
    bus: BusSection = BusSection()
    feed: FeedSection = FeedSection()
    mappings: MappingsSection = MappingsSection()
    supervision: SupervisionSection = SupervisionSection()
    gateway: GatewaySection = GatewaySection()
    public: PublicSection = PublicSection()
    rules: RulesSection = RulesSection()
    law: tuple[LawSection, ...] = ()
    conformance: ConformanceSection = ConformanceSection()
    papers: PapersSection = PapersSection()
    notify: NotifySection = NotifySection()
    scores: ScoresSection = ScoresSection()
    attachments: AttachmentsSection = AttachmentsSection()
    calendar: dict[date, bool] = Field(default_factory=dict)

    @property
    def parameters(self) -> tuple[LawParameter, ...]:
        """Return the operator's own limits of the law."""
        return tuple(law_from(each.model_dump()) for each in self.law)

    @property
    def data_dir(self) -> Path:
        """Return the absolute folder of databases, keys, checkpoints and spools."""
        return self.hub.data_dir.absolute()

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of counted days and of written times."""
        return ZoneInfo(self.hub.timezone)

    @property
    def store_url(self) -> str:
        """Return the store's URL with its folder filled in."""
        return self.store.url.replace("{data_dir}", str(self.data_dir))

    @property
    def public_store_url(self) -> str:
        """Return the URL of the store as the public site reads it."""
        return self.public.store.replace("{data_dir}", str(self.data_dir)) or self.store_url

    @property
    def bus_url(self) -> str:
        """Return the bus's URL with its folder and its password filled in."""
        return _with_password(self.bus.url.replace("{data_dir}", str(self.data_dir)))

    @property
    def management_url(self) -> str:
        """Return the address of the broker's management API with its password filled in; empty: the usual one."""
        return _with_password(self.bus.management)


def _with_password(url: str) -> str:
    return url.replace("${SUNLIGHT_BUS_PASSWORD}", os.environ.get("SUNLIGHT_BUS_PASSWORD", ""))


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `path` (default: ./settings.toml, else the one shipped) under `environment`, or report every fault."""
    chosen = path or next((p for p in (Path("settings.toml"), ROOT / "settings.toml") if p.is_file()), None)
    values = _read(chosen) if chosen else {}
    overriding = _override(values, os.environ if environment is None else environment)
    try:
        return Settings.model_validate(values)
    except ValidationError as wrong:
        raise Misconfigured(*_faults(wrong, str(chosen or ""), overriding)) from wrong


def _override(values: dict[str, Any], environment: Mapping[str, str]) -> Mapping[tuple[str, str], str]:
    """Put what the environment says above the file; return which variable set which key."""
    overriding = {}
    for name, (section, key) in OVERRIDES.items():
        within = values.setdefault(section, {}) if environment.get(name) else None
        if isinstance(within, dict):
            within[key] = environment[name]
            overriding[section, key] = name
    return overriding


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise Misconfigured(Fault(code="settings.missing", problem="no such file", file=str(path))) from missing
    except OSError as unreadable:
        problem = unreadable.strerror or str(unreadable)
        raise Misconfigured(Fault(code="settings.unreadable", problem=problem, file=str(path))) from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise Misconfigured(Fault(code="settings.syntax", problem=str(broken), file=str(path))) from broken


def _faults(wrong: ValidationError, file: str, overriding: Mapping[tuple[str, str], str]) -> list[Fault]:
    return [_fault([str(part) for part in error["loc"]], error["msg"], file, overriding) for error in wrong.errors()]


def _fault(loc: list[str], problem: str, file: str, overriding: Mapping[tuple[str, str], str]) -> Fault:
    """Say what is wrong where it was said: in the file, or in a variable of the environment."""
    variable = overriding.get((loc[0], loc[1])) if len(loc) > 1 else None
    return Fault(
        code="settings.value",
        problem=problem,
        file=f"${variable}" if variable else file,
        target_path=".".join(loc),
        hint=f"see [{loc[0]}] in the settings.toml that is shipped" if loc else "",
    )
