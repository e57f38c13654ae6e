"""Who is next for the slot: rank, supersede, preempt, expire. Pure; the slot implementations act on what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping


HANDICAP_S: Mapping[Lane, float] = {Lane.ACTION: 0.0, Lane.INVOKED: 0.0, Lane.TYPING: 0.0, Lane.AGENT: 10.0}
"""Added to the arrival to give the rank (product, "Order")."""

COMES_FIRST = frozenset({Lane.ACTION, Lane.INVOKED})
"""Lanes of a person: `typing` never starts while one of them is eligible, and gives way in flight."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A wish for the slot."""

    id: str
    account: str
    lane: Lane
    model: str
    topic: str = ""
    """Tickets of one topic replace each other, the newer the older; empty means never."""
    eligible_at: float = 0.0
    """Not served before."""
    deadline: float | None = None
    """Not served after: answered as busy instead."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket in line, with the rank it got when it was inserted."""

    ticket: Ticket
    rank: float
    arrived_at: float


@dataclass(frozen=True, slots=True)
class Holding:
    """A ticket in flight."""

    ticket: Ticket
    since: float


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
class SlotView:
    """What anyone can see of an account's line, at one instant."""

    account: str
    waiting: tuple[Waiting, ...]
    holding: tuple[Holding, ...]
    closures: tuple[Closure, ...]
    service_s: float = 0.0
    """How long a request lately took on average; 0 when unknown."""
