"""The slot, embedded: a table of tickets for the order, the kernel's file locks for exclusion. No daemon.

Three things are kept apart on purpose:

- the *lock* of a place is the truth of "in flight". It is held from the start of a request until its body has ended, and
  the kernel frees it when the process dies, at whatever instant.
- the *rows* say whose turn it is. They may be late, stale or lost. A row that says "in flight" while its lock is free is
  a dead holder's; a lock that is taken without a row still counts.
- the *datagrams* only save time. Whoever waits also looks by itself, `LOOK_S` apart; whoever does not wait does nothing.

Who removes files by hand while requests fly: with the rows or the lock files gone, the other of the two still tells, and
the holder puts back what is missing when it next writes to the database (each second, while a reply comes). Only when all
are removed at once, the folder as a whole, can a newcomer start before that; nothing is left then that could tell it.

Every change ends in `Turns.decide`, inside its transaction, which reads the whole line anew and does all that follows.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from zai_ls.core import scheduling
from zai_ls.core.scheduling import SlotView, Ticket
from zai_ls.core.throttle import Closure
from zai_ls.domain import Lane
from zai_ls.errors import Cancelled, StateLocked, StateUnusable
from zai_ls.state import closures, line
from zai_ls.state.db import BUSY_S, SHORT_S
from zai_ls.state.ledger import latest_durations
from zai_ls.state.places import Places
from zai_ls.state.presence import Presence
from zai_ls.state.slot import GAP
from zai_ls.state.turns import Effects, Flight, Turns, Waiter
from zai_ls.state.wake import Waker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from zai_ls.clock import Clock
    from zai_ls.state.db import Database
    from zai_ls.state.slot import Place

_log = logging.getLogger(__name__)

LOOK_S = 0.25
"""How often whoever waits looks by itself: what a lost datagram, or a killed process, costs the others."""
_LEAVING_S = 0.25
"""How long a release waits for other writers; after that the row is removed at a later look."""
_TELL_S = 0.05
"""How long those who wait may be left with an older word on their place."""
_ENTRY_S = 0.5
"""On a busy machine others may write for this long in turn; whoever gave up sooner would be overtaken by those who came later."""
_LOCKED_S = 10.0
"""So long a database that another process keeps locked is waited for by whoever waits in line."""
_KEPT = 256
"""Ranks of tickets that were given back, kept for their return."""


class LocalLease:
    """The slot, held by this process (see `state.slot.Lease`)."""

    def __init__(self, slot: LocalSlot, flight: Flight) -> None:
        self.ticket = flight.ticket
        self.revoked = flight.revoked
        self._slot = slot
        self._flight = flight

    def release(self, *, clean: bool) -> None:
        """Give the slot back; a second time does nothing. Never fails."""
        self._slot.land(self._flight, clean=clean)

    def give_back(self, eligible_at: float) -> None:
        """Give the slot back unused and keep the place in line for the ticket's return."""
        del eligible_at  # `hold` is told by the ticket that comes back
        self._slot.land(self._flight, clean=True, keep_rank=True)


class LocalSlot:
    """One process's access to the slot of every account."""

    def __init__(
        self,
        db: Database,
        folder: Path,
        clock: Clock,
        *,
        slots_of: Callable[[str], int],
        gap_s: float = 0.25,
        is_single: Callable[[str], bool] = lambda _model: False,
        process_name: str = "",
    ) -> None:
        """*is_single*: models of which the service takes one request at a time, whatever the account's slots."""
        self._db = db
        self._clock = clock
        self._gap_s = gap_s
        self._presence = Presence(folder, db.process_id, process_name, gap_s)
        self._turns = Turns(
            clock,
            self._presence,
            Places(folder),
            slots_of=slots_of,
            gap_s=gap_s,
            is_single=is_single,
            new_event=asyncio.Event,
        )
        self._waker = Waker(self._look)
        self._kept: dict[str, tuple[float, float]] = {}
        """Rank and arrival of tickets that were given back."""
        self._is_known = False
        """Do others know how to wake us?"""
        self._owing: set[str] = set()
        """Accounts in whose lines a row of ours may stay that should be gone."""
        self._locked_since: float | None = None
        """When the database was first found locked by another process, if it still is."""
        self._next_look: asyncio.Task[None] | None = None
        self._next_look_at = 0.0
        self._moved: dict[str, int] = {}
        """Accounts in whose lines our tickets may stand elsewhere than they were told, with their slots."""
        self._telling: asyncio.Task[None] | None = None
        db.on_restored(self._restore)

    # -- the interface --------------------------------------------------------------------------------------

    async def hold(self, ticket: Ticket, on_position: Callable[[Place], None] | None = None) -> LocalLease:
        """Wait in line, then hold the slot (see `state.slot.Slot`).

        A closure that ends within the lane's patience (`core.throttle.PATIENCE_S`) is waited for; a longer one, and a
        pause, is raised: `Paused`, `QuotaExhausted` for the codes of a spent window, `Closed` for all others.
        """
        await self._waker.open()
        self._presence.answers_to(self._waker.port, self._waker.token)
        waiter = Waiter(ticket, asyncio.get_running_loop().create_future(), on_position)
        try:
            await self._enter_when_free(waiter)
            return LocalLease(self, await waiter.answer)
        except BaseException:
            self._withdraw(waiter)
            raise

    def close(
        self, account: str, until: float, code: str, *, model: str = "", lane: str = "", reason: str = ""
    ) -> None:
        """Close for every process; all who wait are told."""
        closure = Closure(until, code, model, lane, reason)
        self._change(account, lambda connection: closures.put(connection, account, closure))

    def reopen(self, account: str, code: str = "", *, model: str | None = None) -> None:
        """Take back closures of *code* (of any code when empty), of *model* if one is named; all who wait are told."""
        self._change(account, lambda connection: closures.remove(connection, account, code, model))

    def refuse(self, account: str, lane: str, until: float, code: str, reason: str) -> None:
        """Close *lane* and answer all its waiting tickets, in all processes, with that refusal."""

        def change(connection: sqlite3.Connection) -> None:
            closures.put(connection, account, Closure(until, code, lane=lane, reason=reason))
            line.refuse(connection, account, lane, code, reason, until)

        self._change(account, change)

    def view(self, account: str) -> SlotView:
        """Who waits, who holds, what is closed; the dead left out."""

        def work(connection: sqlite3.Connection) -> SlotView:
            rows = line.read(connection, account)
            living = {proc for proc in {row.proc for row in rows} if self._presence.is_alive(proc)}
            lately = [seconds for _, seconds in latest_durations(connection, account)]
            return SlotView(
                account,
                tuple(row.waiting for row in rows if row.state == "waiting" and row.proc in living),
                tuple(row.holding for row in rows if row.state == "holding" and row.proc in living),
                closures.read(connection, account, self._clock.now()),
                sum(lately) / len(lately) if lately else 0.0,
            )

        return self._db.transaction(work)  # alone, because only then may one ask who lives

    def closures(self, account: str) -> tuple[Closure, ...]:
        """What is closed now."""
        return self._db.read(lambda connection: closures.read(connection, account, self._clock.now()))

    async def aclose(self) -> None:
        """Leave: tickets of this process are answered as cancelled, its leases released as aborted."""
        for waiter in list(self._turns.waiters.values()):
            self._withdraw(waiter)
            if not waiter.answer.done():
                waiter.answer.set_exception(Cancelled())
        for flight in list(self._turns.flights.values()):
            self.land(flight, clean=False)
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if self._telling is not None:
            self._telling.cancel()
        self._db.forget(self._restore)
        if self._presence.has_entered:
            with suppress(StateUnusable):
                self._db.transaction(partial(self._presence.leave, now=self._clock.now()))
            self._presence.die()
        self._waker.close()

    # -- coming and going -----------------------------------------------------------------------------------

    async def _enter_when_free(self, waiter: Waiter) -> None:
        """Put the ticket in line; where another process keeps the database locked try again, and let the loop run meanwhile."""
        began, patience_s = self._clock.now(), _ENTRY_S
        while True:
            try:
                return self._enter(waiter, patience_s)
            except StateLocked:
                patience_s = SHORT_S
                self._turns.waiters.pop(waiter.ticket.id, None)
                if not 0 <= self._clock.now() - began < _LOCKED_S:
                    raise
            await self._clock.sleep(LOOK_S)

    def _enter(self, waiter: Waiter, patience_s: float) -> None:
        """Put the ticket in line: it supersedes, preempts, starts, or is answered, all in this one transaction."""
        ticket = waiter.ticket
        self._presence.live()
        kept = self._kept.get(ticket.id)

        def work(connection: sqlite3.Connection, effects: Effects) -> None:
            now = self._clock.now()
            line.keep_time(connection, now, note=True)
            if not self._is_known:
                self._presence.enter(connection, now)
                self._presence.bury_the_dead(connection, now)
            if kept is None:
                waiter.rank = scheduling.rank(ticket.lane, line.arrive(connection, now))
                waiter.arrived_at = now
                self._turns.supersede(connection, ticket, effects)
            else:
                waiter.rank, waiter.arrived_at = kept
            line.insert(connection, self._turns.row_of(ticket, waiter.rank, waiter.arrived_at))
            self._turns.waiters[ticket.id] = waiter
            self._turns.decide(connection, ticket.account, effects, entering=waiter)

        self._act(work, patience_s=patience_s)
        self._kept.pop(ticket.id, None)
        self._is_known = True

    def _withdraw(self, waiter: Waiter) -> None:
        """The caller waits no more: leave neither ticket nor lock behind, however far it had come."""
        ticket = waiter.ticket
        flight = self._turns.flights.get(ticket.id)
        if flight is not None:
            self.land(flight, clean=True)  # nothing was sent
        elif self._turns.waiters.pop(ticket.id, None) is not None:
            self._leave(ticket)
        elif waiter.answer.done() and not waiter.answer.cancelled():
            waiter.answer.exception()  # an answer that came together with the cancellation has been heard

    def land(self, flight: Flight, *, clean: bool, keep_rank: bool = False) -> None:
        """A request of this process has ended, once: free its place and see who is next."""
        if self._turns.flights.pop(flight.ticket.id, None) is None:
            return
        if keep_rank:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[flight.ticket.id] = (flight.rank, flight.arrived_at)
        self._leave(flight.ticket, flight=flight, clean=clean)

    def _leave(self, ticket: Ticket, *, flight: Flight | None = None, clean: bool = True) -> None:
        """Take a ticket out of line and see who is next.

        The lock goes inside the transaction: nobody looks between the two and takes us for dead. It goes in any case.
        """

        def work(connection: sqlite3.Connection, effects: Effects) -> None:
            now = self._clock.now()
            line.keep_time(connection, now, note=True)
            line.remove(connection, ticket.id)
            if flight is not None:
                flight.lock.free()
            if not clean:
                closures.put(connection, ticket.account, Closure(now + self._gap_s, GAP))
            self._turns.decide(connection, ticket.account, effects, in_haste=True)

        try:
            self._act(work, leaving=True, patience_s=_LEAVING_S)
        except StateUnusable as error:
            # The row stays; we remove it at our next look, or whoever comes first finds its lock free.
            _log.warning("slot.left_a_row detail=%s", error)
            if isinstance(error, StateLocked):
                self._owing.add(ticket.account)
                self._look_again(None)
        finally:
            if flight is not None:
                flight.lock.free()

    # -- acting ---------------------------------------------------------------------------------------------

    def _change(self, account: str, change: Callable[[sqlite3.Connection], None]) -> None:
        """Make *change* and let everyone who waits for *account* see it."""

        def work(connection: sqlite3.Connection, effects: Effects) -> None:
            change(connection)
            line.keep_time(connection, self._clock.now(), note=False)
            self._turns.ring_all(connection, account, effects)
            if account in self._turns.accounts():
                self._turns.decide(connection, account, effects)

        self._act(work, patience_s=BUSY_S)

    def _look(self) -> None:
        """See whether anything has changed for us: somebody rang, or it is time."""

        def work(connection: sqlite3.Connection, effects: Effects) -> None:
            line.keep_time(connection, self._clock.now(), note=False)
            for account in accounts:
                self._turns.decide(connection, account, effects)

        accounts = self._turns.accounts() | self._owing
        if not accounts:
            return
        with suppress(StateUnusable):  # those who wait have been told
            self._act(work, patience_s=0.0)
            self._owing.clear()

    def _act(
        self,
        work: Callable[[sqlite3.Connection, Effects], None],
        *,
        leaving: bool = False,
        patience_s: float = SHORT_S,
    ) -> None:
        """Do *work* in a transaction, then what follows from it outside; all of it or nothing.

        Where the database cannot be used, everyone who waits here is told so; one that another process keeps locked is
        given some time. Raises `StateUnusable`.
        """
        effects = Effects()

        def once(connection: sqlite3.Connection) -> None:
            effects.undo()  # of a first run, when the database was lost in it
            work(connection, effects)

        try:
            self._db.transaction(once, patience_s=patience_s)
        except BaseException as error:
            effects.undo()
            if isinstance(error, StateUnusable) and not self._may_pass(error):
                for waiter in self._turns.waiters.values():
                    if not waiter.answer.done():
                        waiter.answer.set_exception(type(error)(error.detail, path=error.path))
                self._turns.waiters.clear()
            raise
        self._locked_since = None
        self._follow(effects, leaving=leaving)

    def _may_pass(self, error: StateUnusable) -> bool:
        """Is *error* one that is waited out, and not for too long already?"""
        if not isinstance(error, StateLocked):
            return False
        now = self._clock.now()
        if self._locked_since is None or now < self._locked_since:
            self._locked_since = now
        return now - self._locked_since < _LOCKED_S

    def _follow(self, effects: Effects, *, leaving: bool) -> None:
        turns = self._turns
        for port, token in effects.rings:
            self._waker.wake(port, token)
        for ticket_id, (waiter, flight) in effects.granted.items():
            turns.waiters.pop(ticket_id, None)
            turns.flights[ticket_id] = flight
            if not waiter.answer.done():
                waiter.answer.set_result(flight)
        for ticket_id, (waiter, answer) in effects.answered.items():
            turns.waiters.pop(ticket_id, None)
            if not waiter.answer.done():
                waiter.answer.set_exception(answer)
        for flight in effects.revoked:
            flight.revoked.set()
        self._look_again(effects.look_at)
        if turns.waiters and effects.moved:
            self._moved.update(effects.moved)
            if not effects.granted and not leaving:
                asyncio.get_running_loop().call_soon(self._tell_places)
            elif self._telling is None or self._telling.done():
                self._telling = asyncio.get_running_loop().create_task(self._tell_later())

    async def _tell_later(self) -> None:
        """First goes whose turn it is, and the reply at hand; then the others are told of theirs."""
        await self._clock.sleep(_TELL_S)
        self._tell_places()

    def _tell_places(self) -> None:
        moved, self._moved = self._moved, {}
        for account, slots in moved.items() if self._turns.waiters else ():
            with suppress(StateUnusable):  # those who wait have been told
                places = self._db.read(partial(self._turns.places, account=account, slots=slots))
                for waiter, place in places:
                    waiter.tell(place)

    def _look_again(self, at: float | None) -> None:
        """Look at that instant, and every `LOOK_S` while something waits here or may have to give way."""
        now = self._clock.now()
        waits = self._turns.waiters or any(
            flight.ticket.lane is Lane.TYPING for flight in self._turns.flights.values()
        )
        if not waits and not self._owing:
            return
        due = now + LOOK_S if at is None else min(at, now + LOOK_S)
        if self._next_look is not None:
            if self._next_look_at <= due:
                return
            self._next_look.cancel()
        self._next_look_at = due
        self._next_look = asyncio.get_running_loop().create_task(self._sleep_and_look(due - now))

    async def _sleep_and_look(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._next_look = None
        self._look()
        self._look_again(None)

    def _restore(self, connection: sqlite3.Connection) -> None:
        """The database was begun anew: put our part back."""
        if self._presence.has_entered:
            self._presence.live()  # the file may be gone because the whole folder is
            self._presence.enter(connection, self._clock.now())
        self._turns.restore(connection)
