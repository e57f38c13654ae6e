"""Quota view + lane -> go, wait, use another model, or refuse. Pure; asked before a ticket is made and again with the slot in hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zai_ls.domain import Window


@dataclass(frozen=True, slots=True)
class Closure:
    """Until when an account, or one model of it, takes no request."""

    until: float
    code: str
    """Business code, or one of ours: `gap`, `paused`."""
    model: str = ""
    """Empty: the whole account."""
    lane: str = ""
    """Empty: all lanes."""
    reason: str = ""
    """For a person; no secrets."""


@dataclass(frozen=True, slots=True)
class Go:
    """Send it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before *until*; the ticket keeps its place."""

    until: float
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Send it with another model."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer all tickets of the lane with this."""

    code: str
    reason: str
    until: float | None = None


Verdict = Go | Wait | Use | Refuse

PATIENCE_S = {Lane.ACTION: 60.0, Lane.INVOKED: 8.0, Lane.TYPING: 3.0, Lane.AGENT: 60.0}
"""How long a lane waits for a closed account before it is told so instead."""


def concerns(closure: Closure, lane: Lane, model: str) -> bool:
    """Does *closure* hold up a request of *lane* for *model*?"""
    return (not closure.model or closure.model == model) and (not closure.lane or closure.lane == lane)


def decide(lane: Lane, model: str, closures: Iterable[Closure], now: float) -> Verdict:
    """Version one: go, except for what the service's refusals (and a person's pause) have closed.

    A closure that ends within the lane's patience is waited for; a longer one is answered at once.
    """
    in_force = [c for c in closures if c.until > now and concerns(c, lane, model)]
    if not in_force:
        return Go()
    last = max(in_force, key=lambda c: c.until)
    if last.code != "paused" and last.until - now <= PATIENCE_S[lane]:
        return Wait(last.until, last.code, last.reason)
    return Refuse(last.code, last.reason, last.until)


_STRETCH_FROM, _STRETCH_TO = 60.0, 95.0
"""Per cent of a window used: from the one on typing waits longer, at the other the longest."""
_LONGEST_STRETCH = 4.0


def stretch(windows: Iterable[Window]) -> float:
    """By how much a pause in typing must be longer than usual before a completion is asked for: 1 while there is plenty.

    The fullest window counts; unknown ones stretch nothing.
    """
    used = max((w.used_percent or 0.0 for w in windows), default=0.0)
    share = min(1.0, max(0.0, (used - _STRETCH_FROM) / (_STRETCH_TO - _STRETCH_FROM)))
    return 1.0 + share * (_LONGEST_STRETCH - 1.0)
