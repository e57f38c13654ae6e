"""Quota view + lane -> go, wait, use another model, or refuse. Pure; asked before a ticket is made and again with the slot in hand."""

from __future__ import annotations

from dataclasses import dataclass


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
