"""What a subscriber gets of the feed: a view, kinds and regions; patterns at the broker, filters elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

from hub.errors import Fault, Misconfigured
from hub.model.codes import code_list

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

View = Literal["public", "intranet", "restricted"]
"""The views there are, from the one that sees least to the one that sees most."""

State = Literal["active", "suspended"]
"""A suspended subscriber reads nothing; its queue waits, and drops its oldest when it is full."""

KINDS: Final = ("alert", "case")
"""The kinds of documents that the feed carries."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,60}[a-z0-9]")
"""How a subscriber may be called: it is part of a queue's name, of an account's and of a permission's pattern."""

LENGTHS: Final = (100, 5_000_000)
"""Fewest and most documents that a queue may hold for a subscriber that does not read."""

CITY: Final = "00"
"""What the code of a whole city ends with (GB/T 2260)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscriber and what it gets. No region: all of them. `webhook`: where its documents are posted, or empty."""

    name: str
    view: View
    kinds: frozenset[str]
    regions: tuple[str, ...]
    max_length: int
    created_at: datetime
    state: State = "active"
    key_id: str = ""
    """The API key by which it catches up; that key opens nothing else."""
    webhook: str = ""
    secret_no: int = field(default=1)
    """Which secret its webhooks are signed with; a rotation takes the next."""

    def patterns(self) -> tuple[str, ...]:
        """Return the routing keys it is bound to: `alert.321200.#` for a city, `alert.*.321281.#` for a county."""
        kinds = sorted(self.kinds)
        if not self.regions:
            return tuple(f"{kind}.#" for kind in kinds)
        places = [f"{code}.#" if code.endswith(CITY) else f"*.{code}.#" for code in self.counties()]
        return tuple(f"{kind}.{place}" for kind in kinds for place in places)

    def prefixes(self) -> tuple[str, ...]:
        """Return with what the county codes of its documents begin; nothing: any."""
        return tuple(code[:4] if code.endswith(CITY) else code for code in self.counties())

    def counties(self) -> tuple[str, ...]:
        """Return its regions, and those that were merged into one of them or renamed to it."""
        return tuple(sorted({each for region in self.regions for each in (region, *predecessors(region))}))

    def takes(self, *, kind: str, county: str) -> bool:
        """Tell whether it gets documents of a kind from a county."""
        prefixes = self.prefixes()
        return kind in self.kinds and (not prefixes or county.startswith(prefixes))

    def narrowed(self, *, kind: str | None, region: str | None) -> tuple[Sequence[str], Sequence[str]] | None:
        """Return the kinds and county prefixes that it gets of what it asks for; None where it asks for more."""
        prefixes = self.prefixes()
        if (kind and kind not in self.kinds) or (region and prefixes and not region.startswith(prefixes)):
            return None
        return ([kind] if kind else sorted(self.kinds)), ([region] if region else list(prefixes))


def predecessors(region: str) -> frozenset[str]:
    """Return the codes that `region` has succeeded: 321284 姜堰市 became 321204 姜堰区."""
    return frozenset(code for code, row in code_list("regions").rows.items() if row.get("successor") == region)


def subscription(
    name: str,
    *,
    view: str,
    kinds: Collection[str],
    regions: Iterable[str],
    max_length: int,
    webhook: str,
    now: datetime,
) -> Subscription:
    """Return a new subscription; Misconfigured names everything that is wrong with the wish."""
    asked = tuple(dict.fromkeys(regions))
    faults = [*_name_faults(name), *_view_faults(view), *_kind_faults(kinds), *_region_faults(asked)]
    faults += [*_length_faults(max_length), *_webhook_faults(webhook)]
    if faults:
        raise Misconfigured(*faults)
    return Subscription(
        name=name,
        view=view,  # type: ignore[arg-type]  # checked above
        kinds=frozenset(kinds),
        regions=asked,
        max_length=max_length,
        created_at=now,
        webhook=webhook,
    )


def _name_faults(name: str) -> list[Fault]:
    if NAME.fullmatch(name) and ".." not in name:
        return []
    hint = "3 to 62 of a-z, 0-9, dot and hyphen: xinghua.centre"
    return [Fault(code="subscriber.name", problem=f"{name[:80]!r} cannot be a subscriber's name", hint=hint)]


def _view_faults(view: str) -> list[Fault]:
    if view in get_args(View):
        return []
    hint = f"one of {', '.join(get_args(View))}"
    return [Fault(code="subscriber.view", problem=f"unknown view {view!r}", hint=hint)]


def _kind_faults(kinds: Collection[str]) -> list[Fault]:
    hint = f"any of {', '.join(KINDS)}"
    if not kinds:
        return [Fault(code="subscriber.kind", problem="a subscriber gets some kind of document", hint=hint)]
    strange = sorted(kind for kind in kinds if kind not in KINDS)
    return [Fault(code="subscriber.kind", problem=f"unknown kind {kind!r}", hint=hint) for kind in strange]


def _region_faults(regions: Iterable[str]) -> list[Fault]:
    known = code_list("regions").rows
    hint = "a code of schemas/codes/regions.json: 321200 the city, 321281 a county"
    strange = [region for region in regions if region not in known]
    return [Fault(code="subscriber.region", problem=f"unknown region {each!r}", hint=hint) for each in strange]


def _length_faults(max_length: int) -> list[Fault]:
    least, most = LENGTHS
    if least <= max_length <= most:
        return []
    hint = f"{least:,} to {most:,} documents"
    return [Fault(code="subscriber.length", problem=f"a queue of {max_length:,} documents is not kept", hint=hint)]


def _webhook_faults(webhook: str) -> list[Fault]:
    if not webhook or re.fullmatch(r"https?://[^\s/@]+(/\S*)?", webhook):
        return []
    hint = "write https://host/path, without a name or password in it: what is posted is signed"
    return [Fault(code="subscriber.webhook", problem=f"{webhook[:80]!r} is no address to post to", hint=hint)]
