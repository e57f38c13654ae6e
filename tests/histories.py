"""A history of requests as a plain list: what the ledger's own one must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from zai_ls.core.quota import Amount

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Sent:
    """One request that took something."""

    at: float
    amount: Amount
    ended_at: float = inf
    """`inf`: it is under way."""
    lane: str = "action"


def sent(
    at: float, amount: float, unit: str = "credits", *, calls: int = 1, ended_at: float | None = None
) -> Sent:
    """A request at *at* that took *amount* of *unit*, over at once unless *ended_at* says otherwise."""
    return Sent(at, Amount(**{"calls": calls, unit: amount}), at if ended_at is None else ended_at)


@dataclass
class ListHistory:
    """What `zai_ls.core.quota.History` asks for."""

    all: list[Sent] = field(default_factory=list)

    def first_from(self, at: float) -> float | None:
        return min((one.at for one in self.all if one.at >= at), default=None)

    def last(self) -> float | None:
        return max((one.at for one in self.all), default=None)

    def between(self, since: float, until: float, lane: str | None = None) -> Amount:
        return total(one for one in self.all if since <= one.at < until and lane in {None, one.lane})

    def unsettled_at(self, at: float) -> Amount:
        return total(one for one in self.all if one.ended_at > at)


def total(those: Iterable[Sent]) -> Amount:
    """The sum of *those*."""
    found = [one.amount for one in those]
    return Amount(
        sum(a.calls for a in found),
        sum(a.credits for a in found),
        sum(a.prompts for a in found),
        sum(a.tokens for a in found),
        sum(a.money for a in found),
    )
