"""The settings of notices to people: [notify] and what is under it, checked when they are read."""

from __future__ import annotations

import os
import re
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.errors import Fault, Misconfigured
from hub.supervision.duty import Quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_HOURS: Final = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


def _hours(text: str) -> str:
    match = _HOURS.fullmatch(text)
    if match is None:
        problem = "write quiet hours as 22:00-08:00"
        raise ValueError(problem)
    for each in match.groups():
        time.fromisoformat(each)
    return text


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class EmailSection(_Section):
    """[notify.email]."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    authorities: str = ""
    user: str = ""
    password: str = ""
    sender: str = ""


class WebhookSection(_Section):
    """[notify.webhook]."""

    secret: str = ""


class SmsSection(_Section):
    """[notify.sms]."""

    url: str = ""
    encoding: Literal["json", "form"] = "json"
    fields: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    expect: str = ""


class NotifySection(_Section):
    """[notify]."""

    on: bool = False
    roster: Path = Path("duty.toml")
    quiet: Annotated[str, AfterValidator(_hours)] = "22:00-08:00"
    sign_within_min: int = Field(default=120, ge=1)
    levels: tuple[Literal["notice", "yellow", "red"], ...] = ("yellow", "red")
    every_s: float = Field(default=10, gt=0)
    attempts: int = Field(default=12, ge=1)
    link: str = ""
    email: EmailSection = EmailSection()
    webhook: WebhookSection = WebhookSection()
    sms: SmsSection = SmsSection()

    @model_validator(mode="after")
    def _whole(self) -> NotifySection:
        if self.on and not self.channels:
            problem = "nobody can be told: set [notify.email] host, [notify.webhook] secret or [notify.sms] url"
            raise ValueError(problem)
        if self.email.host and not self.email.sender:
            problem = "e-mail has no sender: set [notify.email] sender"
            raise ValueError(problem)
        return self

    @property
    def channels(self) -> frozenset[str]:
        """Return the channels that are set up."""
        given = {"email": self.email.host, "webhook": self.webhook.secret, "sms": self.sms.url}
        return frozenset(name for name, value in given.items() if value)

    @property
    def quiet_hours(self) -> Quiet:
        """Return the hours in which only red alerts go out."""
        start, _, end = self.quiet.partition("-")
        return Quiet(start=time.fromisoformat(start), end=time.fromisoformat(end))


def secret_of(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a setting with `${NAME}` taken from the environment; Misconfigured where it has none of that name."""
    known = os.environ if environment is None else environment
    missing = [name for name in _NAME.findall(text) if name not in known]
    if missing:
        hint = f"set {missing[0]} for this process"
        problem = f"the environment has no {missing[0]}"
        raise Misconfigured(Fault(code="notify.secret", problem=problem, target_path="notify", hint=hint))
    return _NAME.sub(lambda match: known[match[1]], text)
