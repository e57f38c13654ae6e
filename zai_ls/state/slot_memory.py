"""The slot within one process: the same contract with nothing shared but memory. For tests, and the plainest reading of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from zai_ls.core import scheduling
from zai_ls.core.scheduling import RELATIVE_S, Arrivals, Holding, SlotView, Ticket, Waiting, set_back
from zai_ls.core.throttle import Closure
from zai_ls.errors import Busy, Cancelled, Superseded
from zai_ls.state.slot import GAP, refusal
from zai_ls.state.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zai_ls.clock import Clock
    from zai_ls.domain import Lane
    from zai_ls.errors import ZaiError
    from zai_ls.state.slot import Place


@dataclass(eq=False, slots=True)
class _Wish:
    """A ticket in line, or in flight."""

    owner: MemorySlot
    waiting: Waiting
    answer: asyncio.Future[MemoryLease]
    on_position: Callable[[Place], None] | None
    told: tuple[object, ...] = ()


@dataclass(slots=True)
class _Line:
    """What the users of one account share."""

    wishes: dict[str, _Wish] = field(default_factory=dict)
    leases: dict[str, MemoryLease] = field(default_factory=dict)
    closures: dict[tuple[str, str, str], Closure] = field(default_factory=dict)
    users: set[MemorySlot] = field(default_factory=set)
    arrivals: Arrivals = field(default_factory=Arrivals)
    seen: float = 0.0
    look: asyncio.Task[None] | None = None


class Lines:
    """All lines; hand the same one to several slots to play several processes."""

    def __init__(self) -> None:
        self.of: dict[str, _Line] = {}


class MemoryLease:
    """The slot, held (see `state.slot.Lease`)."""

    def __init__(self, slot: MemorySlot, waiting: Waiting, since: float) -> None:
        self.ticket = waiting.ticket
        self.revoked = asyncio.Event()
        self.waiting = waiting
        self.since = since
        self.slot = slot

    def release(self, *, clean: bool) -> None:
        """Give the slot back; a second time does nothing."""
        self.slot.land(self, clean=clean)

    def give_back(self, eligible_at: float) -> None:
        """Give the slot back unused and keep the place in line for the ticket's return."""
        del eligible_at  # `hold` is told by the ticket that comes back
        self.slot.land(self, clean=True, keep_rank=True)


class MemorySlot:
    """One process's access to lines in memory."""

    def __init__(
        self,
        clock: Clock,
        *,
        slots_of: Callable[[str], int] = lambda account: 1,
        gap_s: float = 0.25,
        is_single: Callable[[str], bool] = lambda _model: False,
        lines: Lines | None = None,
        service_s: Mapping[Lane, float] | None = None,
    ) -> None:
        self._clock = clock
        self._slots_of = slots_of
        self._gap_s = gap_s
        self._is_single = is_single
        self._lines = Lines() if lines is None else lines
        self._service_s = {} if service_s is None else service_s
        self._kept: dict[str, Waiting] = {}

    async def hold(self, ticket: Ticket, on_position: Callable[[Place], None] | None = None) -> MemoryLease:
        """Wait in line, then hold the slot (see `state.slot.Slot`)."""
        line, now = self._line(ticket.account), self._clock.now()
        self._keep_time(line, now)
        line.users.add(self)
        kept = self._kept.pop(ticket.id, None)
        if kept is None:
            line.arrivals = line.arrivals.next(now)
            waiting = Waiting(ticket, scheduling.rank(ticket.lane, line.arrivals.last), now)
            for older in scheduling.superseded_by(ticket, [wish.waiting for wish in line.wishes.values()]):
                _refuse(line, older.ticket.id, Superseded())
        else:
            waiting = replace(kept, ticket=ticket)
        wish = _Wish(self, waiting, asyncio.get_running_loop().create_future(), on_position)
        line.wishes[ticket.id] = wish
        try:
            self._decide(ticket.account, entering=wish)
            return await wish.answer
        except BaseException:
            if (lease := line.leases.get(ticket.id)) is not None:
                lease.release(clean=True)
            elif line.wishes.pop(ticket.id, None) is not None:
                self._decide(ticket.account)
            elif wish.answer.done() and not wish.answer.cancelled():
                wish.answer.exception()  # an answer that came together with the cancellation has been heard
            raise

    def close(
        self, account: str, until: float, code: str, *, model: str = "", lane: str = "", reason: str = ""
    ) -> None:
        """Close for every user; of two with the same model, lane and code the later end counts."""
        self._close(self._line(account), Closure(until, code, model, lane, reason))
        self._decide(account)

    def reopen(self, account: str, code: str = "", *, model: str | None = None) -> None:
        """Take back closures of *code* (of any code when empty); only those of *model*, when one is named."""
        line = self._line(account)
        line.closures = {
            key: c
            for key, c in line.closures.items()
            if (code and c.code != code) or (model is not None and c.model != model)
        }
        self._decide(account)

    def refuse(self, account: str, lane: str, until: float, code: str, reason: str) -> None:
        """Close *lane* and answer all its waiting tickets with that refusal."""
        shared = self._line(account)
        self._close(shared, Closure(until, code, lane=lane, reason=reason))
        for wish in list(shared.wishes.values()):
            if wish.waiting.ticket.lane == lane:
                _refuse(shared, wish.waiting.ticket.id, refusal(code, reason, until))
        self._decide(account)

    def view(self, account: str) -> SlotView:
        """Who waits, who holds, what is closed."""
        line = self._line(account)
        mean = sum(self._service_s.values()) / len(self._service_s) if self._service_s else 0.0
        return SlotView(account, _waiting(line), _holding(line), self.closures(account), mean)

    def closures(self, account: str) -> tuple[Closure, ...]:
        """What is closed now."""
        now = self._clock.now()
        return tuple(c for c in self._line(account).closures.values() if c.until > now)

    async def aclose(self) -> None:
        """Leave: tickets of this user are answered as cancelled, its leases released as aborted."""
        for account, line in self._lines.of.items():
            for wish in [w for w in line.wishes.values() if w.owner is self]:
                _refuse(line, wish.waiting.ticket.id, Cancelled())
            for lease in [held for held in line.leases.values() if held.slot is self]:
                lease.release(clean=False)
            line.users.discard(self)
            if line.users:
                self._decide(account)
            elif line.look is not None:
                line.look.cancel()
                line.look = None

    def land(self, lease: MemoryLease, *, clean: bool, keep_rank: bool = False) -> None:
        """A request has ended, once: free its place and see who is next."""
        line, now = self._line(lease.ticket.account), self._clock.now()
        if line.leases.pop(lease.ticket.id, None) is None:
            return
        self._keep_time(line, now)
        if keep_rank:
            self._kept[lease.ticket.id] = lease.waiting
        if not clean:
            self._close(line, Closure(now + self._gap_s, GAP))
        self._decide(lease.ticket.account)

    # -- deciding -------------------------------------------------------------------------------------------

    def _decide(self, account: str, entering: _Wish | None = None) -> None:
        line, now = self._line(account), self._clock.now()
        self._keep_time(line, now)
        slots = max(1, min((user._slots_of(account) for user in line.users), default=1))
        closed = self.closures(account)
        decision = scheduling.decide(_waiting(line), _holding(line), closed, now, slots, self._is_single)
        for one in decision.expired:
            _refuse(line, one.ticket.id, Busy())
        for one, no in decision.refused:
            _refuse(line, one.ticket.id, refusal(no.code, no.reason, no.until))
        for one in decision.start:
            wish = line.wishes.pop(one.ticket.id)
            lease = MemoryLease(wish.owner, one, now)
            line.leases[one.ticket.id] = lease
            if not wish.answer.done():
                wish.answer.set_result(lease)
        for holder in decision.revoke:
            line.leases[holder.ticket.id].revoked.set()
        standing = Standing(_waiting(line), _holding(line), closed, slots, self._service_s)
        for wish in list(line.wishes.values()):
            place, is_late = standing.place_of(wish.waiting.ticket, now)
            if wish is entering and is_late:
                _refuse(line, wish.waiting.ticket.id, Busy())
                continue
            news = (place.ahead, place.holder, place.until, place.reason)
            if wish.on_position is not None and news != wish.told:
                wish.told = news
                wish.on_position(place)
        self._look_again(account, line, decision.look_at, now)

    def _look_again(self, account: str, line: _Line, at: float | None, now: float) -> None:
        if line.look is not None:
            line.look.cancel()
            line.look = None
        if at is not None and line.wishes:
            line.look = asyncio.get_running_loop().create_task(self._sleep_and_look(account, at - now))

    async def _sleep_and_look(self, account: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._line(account).look = None
        self._decide(account)

    def _close(self, line: _Line, closure: Closure) -> None:
        key = (closure.model, closure.lane, closure.code)
        if key not in line.closures or line.closures[key].until < closure.until:
            line.closures[key] = closure

    def _keep_time(self, line: _Line, now: float) -> None:
        """When the clock was set back, move along what was meant as "so long from now"."""
        by = set_back(now, line.seen)
        if by:
            for wish in line.wishes.values():
                wish.waiting = _moved(wish.waiting, by)
            for lease in line.leases.values():
                lease.since -= by
            line.closures = {
                key: replace(c, until=c.until - by) if c.until <= line.seen + RELATIVE_S else c
                for key, c in line.closures.items()
            }
        line.seen = now if by else max(now, line.seen)

    def _line(self, account: str) -> _Line:
        return self._lines.of.setdefault(account, _Line())


def _refuse(line: _Line, ticket_id: str, error: ZaiError) -> None:
    wish = line.wishes.pop(ticket_id)
    if not wish.answer.done():
        wish.answer.set_exception(error)


def _waiting(line: _Line) -> tuple[Waiting, ...]:
    return tuple(wish.waiting for wish in line.wishes.values())


def _holding(line: _Line) -> tuple[Holding, ...]:
    return tuple(Holding(held.ticket, held.since, held.revoked.is_set()) for held in line.leases.values())


def _moved(one: Waiting, by: float) -> Waiting:
    ticket = one.ticket
    deadline = None if ticket.deadline is None else ticket.deadline - by
    return Waiting(
        replace(ticket, eligible_at=ticket.eligible_at - by, deadline=deadline), one.rank, one.arrived_at - by
    )
