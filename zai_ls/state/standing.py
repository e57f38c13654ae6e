"""Where a waiting ticket stands: what `on_position` is told, and whether a deadline can still be met."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from zai_ls.core import scheduling
from zai_ls.state.slot import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zai_ls.core.scheduling import Holding, Ticket, Waiting
    from zai_ls.core.throttle import Closure
    from zai_ls.domain import Lane


@dataclass(frozen=True)
class Standing:
    """A line at one instant, as a waiter sees it."""

    waiting: tuple[Waiting, ...]
    holding: tuple[Holding, ...]
    closures: tuple[Closure, ...]
    slots: int
    service_s: Mapping[Lane, float]

    def place_of(self, ticket: Ticket, now: float) -> tuple[Place, bool]:
        """Where *ticket* stands, and whether it will likely be past its deadline when its turn comes."""
        ahead = self._order[: self._places.get(ticket.id, len(self._order))]
        expected = scheduling.expected_wait(
            ticket,
            self.waiting,
            self.holding,
            self.closures,
            now,
            service_s=self.service_s,
            slots=self.slots,
            ahead=ahead,
        )
        closed = scheduling.holds_up(ticket, self.closures, now)
        place = Place(
            ahead=len(self.holding) + len(ahead),
            expected_s=expected,
            holder=self.holding[0].ticket.lane.value if self.holding else "",
            until=closed.until if closed else None,
            reason=closed.code if closed else "",
        )
        is_late = ticket.deadline is not None and expected is not None and now + expected > ticket.deadline
        return place, is_late

    @cached_property
    def _order(self) -> list[Waiting]:
        return scheduling.in_order(self.waiting)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {one.ticket.id: place for place, one in enumerate(self._order)}


def usual_s(lately: Iterable[tuple[Lane, float]]) -> dict[Lane, float]:
    """Mean seconds by lane."""
    by_lane: dict[Lane, list[float]] = {}
    for lane, seconds in lately:
        by_lane.setdefault(lane, []).append(seconds)
    return {lane: sum(all_of) / len(all_of) for lane, all_of in by_lane.items()}
