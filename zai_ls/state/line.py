"""The rows of an account's line: tickets as the database has them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from zai_ls.core.scheduling import (
    RELATIVE_S,
    Arrivals,
    Holding,
    Ticket,
    Waiting,
    set_back,
)
from zai_ls.domain import Lane

if TYPE_CHECKING:
    import sqlite3

_LANES = frozenset(Lane)


class Row(NamedTuple):
    """A ticket and who has it."""

    ticket: Ticket
    proc: str
    rank: float
    arrived_at: float
    state: str
    """`waiting`, `holding`, or an answer for its owner to read: `superseded`, `refused`."""
    slot: int | None = None
    since: float | None = None
    revoked: bool = False
    offered_at: float | None = None
    """When its owner was first told that it may start; None once the owner has looked."""
    code: str = ""
    reason: str = ""
    until: float | None = None

    @property
    def waiting(self) -> Waiting:
        """As the pure core knows it."""
        return Waiting(self.ticket, self.rank, self.arrived_at)

    @property
    def holding(self) -> Holding:
        """As the pure core knows it."""
        return Holding(self.ticket, self.since or 0.0, self.revoked)


def read(connection: sqlite3.Connection, account: str) -> list[Row]:
    """The whole line, in the order of insertion."""
    return [
        _row(row)
        for row in connection.execute(
            """SELECT id, account, lane, model, topic, eligible_at, deadline, proc, rank, arrived_at, state, slot, since,
               revoked, offered_at, code, reason, until FROM ticket WHERE account = ? ORDER BY seq""",
            (account,),
        )
    ]


def insert(connection: sqlite3.Connection, row: Row) -> None:
    """Put *row* at the end; one that is there already stays as it is."""
    ticket = row.ticket
    connection.execute(
        """INSERT OR IGNORE INTO ticket (id, account, lane, model, topic, eligible_at, deadline, proc, rank, arrived_at,
           state, slot, since, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            ticket.id,
            ticket.account,
            ticket.lane.value,
            ticket.model,
            ticket.topic,
            ticket.eligible_at,
            ticket.deadline,
            row.proc,
            row.rank,
            row.arrived_at,
            row.state,
            row.slot,
            row.since,
            row.revoked,
        ),
    )


def start(connection: sqlite3.Connection, ticket_id: str, slot: int, now: float) -> None:
    """The ticket is in flight."""
    connection.execute(
        "UPDATE ticket SET state = 'holding', slot = ?, since = ?, offered_at = NULL WHERE id = ?",
        (slot, now, ticket_id),
    )


def remove(connection: sqlite3.Connection, ticket_id: str) -> None:
    """The ticket is out of line."""
    connection.execute("DELETE FROM ticket WHERE id = ?", (ticket_id,))


def revoke(connection: sqlite3.Connection, ticket_id: str) -> None:
    """Its holder must give way."""
    connection.execute("UPDATE ticket SET revoked = 1 WHERE id = ?", (ticket_id,))


def supersede(connection: sqlite3.Connection, ticket_id: str) -> None:
    """A newer ticket took its place; its owner has yet to read this."""
    connection.execute(
        "UPDATE ticket SET state = 'superseded' WHERE id = ? AND state = 'waiting'", (ticket_id,)
    )


def refuse(
    connection: sqlite3.Connection, account: str, lane: str, code: str, reason: str, until: float
) -> None:
    """All waiting tickets of *lane* are answered; their owners have yet to read this."""
    connection.execute(
        """UPDATE ticket SET state = 'refused', code = ?, reason = ?, until = ?
           WHERE account = ? AND lane = ? AND state = 'waiting'""",
        (code, reason, until, account, lane),
    )


def offer(connection: sqlite3.Connection, ticket_id: str, now: float) -> None:
    """Its owner has been told that it may start."""
    connection.execute(
        "UPDATE ticket SET offered_at = ? WHERE id = ? AND offered_at IS NULL", (now, ticket_id)
    )


def looked(connection: sqlite3.Connection, account: str, proc: str) -> None:
    """*proc* is looking at its tickets: it is not asleep."""
    connection.execute(
        "UPDATE ticket SET offered_at = NULL WHERE account = ? AND proc = ? AND offered_at IS NOT NULL",
        (account, proc),
    )


# -- the line's own time ------------------------------------------------------------------------------------


def arrive(connection: sqlite3.Connection, now: float) -> float:
    """The arrival of a ticket inserted *now*; it never goes back, whatever the clock does."""
    meta = _meta(connection)
    arrivals = Arrivals(meta.get("arrival", 0.0), meta.get("skew", 0.0)).next(now)
    _note(connection, arrival=arrivals.last, skew=arrivals.skew)
    return arrivals.last


def keep_time(connection: sqlite3.Connection, now: float, *, note: bool) -> None:
    """When the clock was set back, move what was meant as "so long from now" along with it, or all would wait for it.

    *note*: remember this instant as seen.
    """
    seen = _meta(connection).get("seen", now)
    by = set_back(now, seen)
    if by:
        connection.execute(
            """UPDATE ticket SET eligible_at = eligible_at - ?, deadline = deadline - ?, arrived_at = arrived_at - ?,
               since = since - ?, offered_at = NULL""",
            (by, by, by, by),
        )
        connection.execute(
            "UPDATE closure SET not_before = not_before - ? WHERE not_before <= ?", (by, seen + RELATIVE_S)
        )
    if by or note:
        _note(connection, seen=now if by else max(now, seen))


def _meta(connection: sqlite3.Connection) -> dict[str, float]:
    return dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('arrival', 'skew', 'seen')"))


def _note(connection: sqlite3.Connection, **values: float) -> None:
    connection.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", values.items())


def _row(row: Any) -> Row:
    return Row(
        _ticket(*row[:7]),
        row[7],
        row[8],
        row[9],
        row[10],
        row[11],
        row[12],
        bool(row[13]),
        *row[14:],
    )


@lru_cache(maxsize=512)
def _ticket(ticket_id: str, account: str, lane: str, *rest: Any) -> Ticket:
    # A newer version may have lanes that this one does not know; they wait like another tool.
    return Ticket(ticket_id, account, Lane(lane) if lane in _LANES else Lane.AGENT, *rest)
