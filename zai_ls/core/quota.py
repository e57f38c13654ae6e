"""Events and now -> quota windows. Pure.

Version one: estimated from what this machine has sent, as blocks.
A block opens at the first use, refills whole when its time is over, and does not exist while nothing is used (glm-api 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from zai_ls.domain import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zai_ls.catalogue import PlanWindow
    from zai_ls.domain import Unit


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over requests, in each unit that a window may count; refused ones took nothing."""

    calls: int = 0
    credits: float = 0.0
    prompts: float = 0.0
    """Calls, each as often as its model and hour count on plans whose windows are in prompts."""
    tokens: int = 0
    """Of prompts and replies."""
    money: float = 0.0

    def of(self, unit: Unit) -> float:
        """The amount in *unit*."""
        return float(getattr(self, unit))


class History(Protocol):
    """What this machine has sent for one account; open requests count at their expected cost. Times are epoch seconds."""

    def first_from(self, at: float) -> float | None:
        """When the first request that took something was started at or after *at*; None when there was none."""
        ...

    def between(self, since: float, until: float) -> Amount:
        """What was started at or after *since* and before *until*."""
        ...

    def unsettled_at(self, at: float) -> Amount:
        """What the service had not counted yet at *at*: what ended after it, or has not ended, whenever it was started."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """One request's cost, and when it was sent (epoch seconds)."""

    at: float
    credits: float


def estimated(windows: Iterable[PlanWindow], spent: Sequence[Spent], now: float) -> tuple[Window, ...]:
    """The state of each window at *now*, as far as this machine's own requests tell; *spent* oldest first."""
    return tuple(_block(window, spent, now) for window in windows)


_LATELY = 0.2
"""Of a window's length, the time that tells the pace: an hour for five hours, a day and a half, nights included, for a week."""


def pace(windows: Iterable[PlanWindow], spent: Iterable[Spent], now: float) -> Mapping[str, float]:
    """Credits an hour, by window, over the last fifth of its length."""
    events = list(spent)
    return {
        window.name: sum(e.credits for e in events if 0 <= now - e.at < _LATELY * window.seconds)
        / (_LATELY * window.seconds / 3600)
        for window in windows
    }


def _block(window: PlanWindow, spent: Sequence[Spent], now: float) -> Window:
    opened: float | None = None
    used = 0.0
    for event in spent:
        if opened is None or event.at >= opened + window.seconds:
            opened, used = event.at, 0.0
        used += event.credits
    if opened is None or now >= opened + window.seconds:
        opened, used = None, 0.0
    return Window(
        name=window.name,
        used_percent=min(100.0, 100.0 * used / window.credits),
        resets_at=None if opened is None else opened + window.seconds,
        source="estimated",
        limit=window.credits,
        used=used,
        unit="credits",
    )
