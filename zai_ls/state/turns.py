"""Whose turn it is: the line of an account decided anew, inside one transaction, for this process and for the others."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zai_ls.core import scheduling
from zai_ls.core.throttle import Closure
from zai_ls.errors import Busy, Superseded
from zai_ls.state import closures, line
from zai_ls.state.ledger import latest_durations
from zai_ls.state.slot import GAP, refusal
from zai_ls.state.standing import Standing, usual_s

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.core.scheduling import Ticket
    from zai_ls.core.throttle import Refuse
    from zai_ls.errors import ZaiError
    from zai_ls.state.kernel_lock import KernelLock
    from zai_ls.state.places import Places
    from zai_ls.state.presence import Presence
    from zai_ls.state.slot import Place

_log = logging.getLogger(__name__)

TRUSTED_S = 0.25
"""So long, a process that was told to start is taken to be on its way."""
ASLEEP_S = 1.0
"""A process that was told to start and did not look for so long is stopped or stuck, and passed over until it looks."""


@dataclass(eq=False, slots=True)
class Flight:
    """A ticket of this process in flight: its place, and the lock that is the truth of it."""

    ticket: Ticket
    rank: float
    arrived_at: float
    since: float
    index: int
    lock: KernelLock
    revoked: asyncio.Event


@dataclass(eq=False, slots=True)
class Waiter:
    """A caller of this process who waits in line."""

    ticket: Ticket
    answer: asyncio.Future[Flight]
    on_position: Callable[[Place], None] | None
    rank: float = 0.0
    arrived_at: float = 0.0
    told: tuple[object, ...] = ()
    """What it was last told of its place."""

    def tell(self, place: Place) -> None:
        """Say where the ticket stands, when that is news."""
        news = (place.ahead, place.holder, place.until, place.reason)
        if self.on_position is None or news == self.told:
            return
        self.told = news
        try:
            self.on_position(place)
        except Exception:  # noqa: BLE001 - whatever a listener does, it must not cost the ticket its turn
            _log.exception("slot.position_not_taken")


@dataclass(slots=True)
class Effects:
    """What follows from a decision outside the database: done when the transaction stands, undone when it falls."""

    granted: dict[str, tuple[Waiter, Flight]] = field(default_factory=dict)
    answered: dict[str, tuple[Waiter, ZaiError]] = field(default_factory=dict)
    revoked: list[Flight] = field(default_factory=list)
    rings: set[tuple[int, str]] = field(default_factory=set)
    """Ports and tokens of processes to wake."""
    moved: dict[str, int] = field(default_factory=dict)
    """Accounts in whose lines our tickets may stand elsewhere now, with their slots."""
    look_at: float | None = None

    def undo(self) -> None:
        """As if nothing had been decided."""
        for _, flight in self.granted.values():
            flight.lock.free()
        self.granted.clear()
        self.answered.clear()
        self.revoked.clear()
        self.rings.clear()
        self.moved.clear()
        self.look_at = None

    def settled(self, ticket_id: str) -> bool:
        """Has that ticket got its answer?"""
        return ticket_id in self.granted or ticket_id in self.answered


class Turns:
    """Decides for one process; holds its part of all lines."""

    def __init__(
        self,
        clock: Clock,
        presence: Presence,
        places: Places,
        *,
        slots_of: Callable[[str], int],
        gap_s: float,
        is_single: Callable[[str], bool],
        new_event: Callable[[], asyncio.Event],
    ) -> None:
        self._clock = clock
        self._presence = presence
        self._places = places
        self._slots_of = slots_of
        self._gap_s = gap_s
        self._is_single = is_single
        self._new_event = new_event
        self.waiters: dict[str, Waiter] = {}
        """By ticket id."""
        self.flights: dict[str, Flight] = {}
        """By ticket id."""
        self.closed: dict[str, tuple[Closure, ...]] = {}
        """Closures of each account as last seen."""

    def decide(
        self,
        connection: sqlite3.Connection,
        account: str,
        effects: Effects,
        *,
        entering: Waiter | None = None,
        in_haste: bool = False,
    ) -> None:
        """Read the line anew and do all that follows; what lies outside the database is noted in *effects*.

        *in_haste*: somebody was just released, so ring the next one without asking first whether it lives.
        """
        now = self._clock.now()
        line.looked(connection, account, self._presence.id)
        slots = self._presence.limit(connection, account, self._slots_of(account), now)
        while True:
            rows = line.read(connection, account)
            if self._put_back(connection, account, rows, now, effects) or self._removed_the_dead(
                connection, rows, now, effects
            ):
                continue
            closed = closures.read(connection, account, now)
            self.closed[account] = closed
            waiting = [row for row in rows if row.state == "waiting"]
            holding = [row for row in rows if row.state == "holding"]
            awake = [row for row in waiting if not self._is_asleep(row, now)]
            decision = scheduling.decide(
                [row.waiting for row in awake],
                [row.holding for row in holding],
                closed,
                now,
                slots,
                self._is_single,
            )
            self._answer(connection, rows, decision.expired, decision.refused, effects)
            if self._start(connection, rows, decision, slots, now, effects, in_haste=in_haste):
                break
        by_id = {row.ticket.id: row for row in rows}
        for holder in decision.revoke:
            line.revoke(connection, holder.ticket.id)
            self.ring(connection, by_id[holder.ticket.id].proc, effects)
        revoked = {holder.ticket.id for holder in decision.revoke}
        effects.revoked += [
            self.flights[row.ticket.id]
            for row in holding
            if (row.revoked or row.ticket.id in revoked) and row.ticket.id in self.flights
        ]
        if decision.look_at is not None:
            effects.look_at = min(decision.look_at, effects.look_at or decision.look_at)
        if entering is not None and entering.ticket.deadline is not None:
            self._answer_if_late(connection, entering, slots, now, effects)
        effects.moved[account] = slots

    def _put_back(
        self,
        connection: sqlite3.Connection,
        account: str,
        rows: list[line.Row],
        now: float,
        effects: Effects,
    ) -> bool:
        """Did somebody take us for dead, or remove rows of ours by hand? Then read the line anew."""
        present = {row.ticket.id for row in rows}
        lost = [
            self.row_of(waiter.ticket, waiter.rank, waiter.arrived_at)
            for waiter in self.waiters.values()
            if waiter.ticket.account == account
            and waiter.ticket.id not in present
            and not effects.settled(waiter.ticket.id)
        ]
        lost += [
            self.row_of(flight.ticket, flight.rank, flight.arrived_at, flight)
            for flight in self.flights.values()
            if flight.ticket.account == account and flight.ticket.id not in present
        ]
        if lost:
            self._presence.enter(connection, now)
            self._renew_locks()
        for row in lost:
            line.insert(connection, row)
        return bool(lost)

    def _removed_the_dead(
        self, connection: sqlite3.Connection, rows: list[line.Row], now: float, effects: Effects
    ) -> bool:
        """Did a row say "in flight" although its lock is free, or wait although nobody does? Then read the line anew."""
        found = False
        for row in rows:
            mine = row.proc == self._presence.id
            if row.state == "holding" and mine:
                stale = row.ticket.id not in self.flights and row.ticket.id not in effects.granted
            elif row.state == "holding":
                stale = self._has_ended(row)
            else:
                stale = mine and row.ticket.id not in self.waiters
            if not stale:
                continue
            found = True
            line.remove(connection, row.ticket.id)
            if row.state == "holding":
                closures.put(connection, row.ticket.account, Closure(now + self._gap_s, GAP))
            if not mine and not self._presence.is_alive(row.proc):
                self._presence.bury(connection, row.proc, now)
        return found

    def _has_ended(self, row: line.Row) -> bool:
        """Is another process's row that says "in flight" left over? The kernel says so, unless the lock file is lost."""
        free = True if row.slot is None else self._places.is_free(row.ticket.account, row.slot)
        return not self._presence.is_alive(row.proc) if free is None else free

    def _is_asleep(self, row: line.Row, now: float) -> bool:
        return (
            row.proc != self._presence.id and row.offered_at is not None and now - row.offered_at > ASLEEP_S
        )

    def _answer(
        self,
        connection: sqlite3.Connection,
        rows: list[line.Row],
        expired: tuple[scheduling.Waiting, ...],
        refused: tuple[tuple[scheduling.Waiting, Refuse], ...],
        effects: Effects,
    ) -> None:
        """Answer our own tickets that will not be served; those of others are their owners' to answer."""
        answers: dict[str, ZaiError] = {}
        for row in rows:
            if row.state == "superseded":
                answers[row.ticket.id] = Superseded()
            elif row.state == "refused":
                answers[row.ticket.id] = refusal(row.code, row.reason, row.until)
        answers.update((one.ticket.id, Busy()) for one in expired)
        answers.update((one.ticket.id, refusal(no.code, no.reason, no.until)) for one, no in refused)
        for ticket_id, error in answers.items():
            if ticket_id in self.waiters:
                line.remove(connection, ticket_id)
                effects.answered[ticket_id] = (self.waiters[ticket_id], error)

    def _start(
        self,
        connection: sqlite3.Connection,
        rows: list[line.Row],
        decision: scheduling.Decision,
        slots: int,
        now: float,
        effects: Effects,
        *,
        in_haste: bool,
    ) -> bool:
        """Start ours, tell others to start theirs. False: the line was found different; read it anew."""
        by_id = {row.ticket.id: row for row in rows}
        known = {row.slot for row in rows if row.state == "holding" and row.slot is not None}
        for one in decision.start:
            row = by_id[one.ticket.id]
            if row.proc == self._presence.id:
                place = self._places.take(row.ticket.account, slots, known)
                if place is None:
                    break  # the kernel knows of somebody whom the database does not
                index, lock = place
                waiter = self.waiters[one.ticket.id]
                flight = Flight(
                    row.ticket, waiter.rank, waiter.arrived_at, now, index, lock, self._new_event()
                )
                effects.granted[one.ticket.id] = (waiter, flight)
                line.start(connection, one.ticket.id, index, now)
                known.add(index)
                continue
            is_new = row.offered_at is None
            trusted = in_haste if is_new else now - (row.offered_at or now) < TRUSTED_S
            if not trusted and not self._presence.is_alive(row.proc):
                self._presence.bury(connection, row.proc, now)
                return False
            if is_new:
                line.offer(connection, one.ticket.id, now)
                self.ring(connection, row.proc, effects)
        return True

    def _answer_if_late(
        self, connection: sqlite3.Connection, waiter: Waiter, slots: int, now: float, effects: Effects
    ) -> None:
        """A ticket that just entered and will likely miss its deadline is answered at once."""
        ticket = waiter.ticket
        if effects.settled(ticket.id):
            return
        _, is_late = self._standing(connection, ticket.account, slots).place_of(ticket, now)
        if is_late:
            line.remove(connection, ticket.id)
            effects.answered[ticket.id] = (waiter, Busy())

    def places(self, connection: sqlite3.Connection, account: str, slots: int) -> list[tuple[Waiter, Place]]:
        """Where those of our tickets stand that want to know."""
        ours = [w for w in self.waiters.values() if w.ticket.account == account and w.on_position is not None]
        if not ours:
            return []
        standing, now = self._standing(connection, account, slots), self._clock.now()
        return [(waiter, standing.place_of(waiter.ticket, now)[0]) for waiter in ours]

    def _standing(self, connection: sqlite3.Connection, account: str, slots: int) -> Standing:
        rows = line.read(connection, account)
        return Standing(
            tuple(row.waiting for row in rows if row.state == "waiting"),
            tuple(row.holding for row in rows if row.state == "holding"),
            self.closed[account],
            slots,
            usual_s(latest_durations(connection, account)),
        )

    def supersede(self, connection: sqlite3.Connection, ticket: Ticket, effects: Effects) -> None:
        """Answer what *ticket* replaces; their owners have yet to read it."""
        rows = {row.ticket.id: row for row in line.read(connection, ticket.account) if row.state == "waiting"}
        for older in scheduling.superseded_by(ticket, [row.waiting for row in rows.values()]):
            line.supersede(connection, older.ticket.id)
            self.ring(connection, rows[older.ticket.id].proc, effects)

    def ring_all(self, connection: sqlite3.Connection, account: str, effects: Effects) -> None:
        """Wake every process that waits for *account*."""
        for (proc,) in connection.execute("SELECT DISTINCT proc FROM ticket WHERE account = ?", (account,)):
            self.ring(connection, proc, effects)

    def ring(self, connection: sqlite3.Connection, proc: str, effects: Effects) -> None:
        """Wake *proc*, unless it is this one, which is awake."""
        if proc != self._presence.id:
            effects.rings.update(connection.execute("SELECT port, token FROM proc WHERE id = ?", (proc,)))

    def accounts(self) -> set[str]:
        """The accounts in whose lines this process has a part."""
        parts = [waiter.ticket for waiter in self.waiters.values()] + [
            f.ticket for f in self.flights.values()
        ]
        return {ticket.account for ticket in parts}

    def row_of(
        self, ticket: Ticket, rank: float, arrived_at: float, flight: Flight | None = None
    ) -> line.Row:
        """A ticket of this process as a row."""
        return line.Row(
            ticket,
            self._presence.id,
            rank,
            arrived_at,
            "holding" if flight else "waiting",
            flight.index if flight else None,
            flight.since if flight else None,
            flight.revoked.is_set() if flight else False,
        )

    def _renew_locks(self) -> None:
        """Whatever took our rows may have taken the lock files too."""
        for flight in self.flights.values():
            flight.lock.renew()

    def restore(self, connection: sqlite3.Connection) -> None:
        """Put our rows back into a database that was begun anew."""
        for waiter in self.waiters.values():
            line.insert(connection, self.row_of(waiter.ticket, waiter.rank, waiter.arrived_at))
        for flight in self.flights.values():
            line.insert(connection, self.row_of(flight.ticket, flight.rank, flight.arrived_at, flight))
        self._renew_locks()
        for account, closed in self.closed.items():
            for closure in closed:
                closures.put(connection, account, closure)
