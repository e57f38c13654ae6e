"""Sums by the hour, kept by triggers beside the ledger's rows: what makes long sums quick, and outlives rows that have gone.

The triggers are the database's own, so that processes of other versions keep the sums too. A sum over any time is the whole
hours in it, and the rows of the broken hours at its ends.

Rows go after `KEPT_S`: a broken hour before that has nothing to be summed. Hours go after `HOURS_KEPT_S`: what they had is
then in the first hour of their day (of UTC), so that whole days add up as before.
"""

from __future__ import annotations

from math import ceil, floor, inf, isinf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from zai_ls.domain import Lane

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
KEPT_S = 10 * DAY_S
"""Rows are kept so long; of older ones only the hours' sums are left."""
HOURS_KEPT_S = 70 * DAY_S
"""Hours are kept so long, more than two months, which begin at any hour of UTC; of older ones only the days' sums are left."""
_DAYS_UNTIL = "hours.days_until"
"""In `meta`: all hours before this instant have been put together to days."""

_KEYS = ("account", "lane", "action", "model", "served_model", "editor")
_SUMMED = {
    "requests": "{row}.state != 'refused'",
    "open": "{row}.state = 'open'",
    "estimated": "{row}.estimated AND {row}.state != 'refused'",
    "prompt_tokens": "{row}.prompt_tokens",
    "cached_tokens": "{row}.cached_tokens",
    "completion_tokens": "{row}.completion_tokens",
    "credits": "{row}.credits",
    "money": "{row}.money",
    "prompts": "{row}.prompts",
    "ended": "{row}.ended_at IS NOT NULL",
    "seconds": "coalesce({row}.ended_at - {row}.started_at, 0.0)",
}
"""Column of a sum, and what one row adds to it. A migration is made of this: what changes here changes by a further one."""

COLUMNS = tuple(_SUMMED)


def sums(names: Iterable[str] = COLUMNS) -> str:
    """The sums of the columns *names* of `rows`, for a SELECT; 0 where there is no row."""
    return ", ".join(f"coalesce(sum({name}), 0)" for name in names)


def _expressions(names: Iterable[str] = COLUMNS) -> str:
    return ", ".join(f"{_SUMMED[name].format(row='request')} AS {name}" for name in names)


_GROWN = "ON CONFLICT (account, at, lane, action, model, served_model, editor) DO UPDATE SET " + ", ".join(
    f"{name} = {name} + excluded.{name}" for name in _SUMMED
)


def _hour(row: str) -> str:
    return f"CAST({row}.started_at / {HOUR_S} AS INTEGER) * {HOUR_S}"


def _add(row: str) -> str:
    values = ", ".join(text.format(row=row) for text in _SUMMED.values())
    keys = ", ".join(f"{row}.{key}" for key in _KEYS)
    return f"""INSERT INTO hour (at, {", ".join(_KEYS)}, {", ".join(_SUMMED)})
        VALUES ({_hour(row)}, {keys}, {values}) {_GROWN};"""


def _take_away(row: str) -> str:
    same = " AND ".join(f"{key} = {row}.{key}" for key in _KEYS)
    less = ", ".join(f"{name} = {name} - ({text.format(row=row)})" for name, text in _SUMMED.items())
    return f"""UPDATE hour SET {less} WHERE at = {_hour(row)} AND {same};
        DELETE FROM hour WHERE at = {_hour(row)} AND {same}
            AND requests = 0 AND ended = 0 AND open = 0 AND prompt_tokens + completion_tokens = 0;"""


SCHEMA = (
    f"""CREATE TABLE IF NOT EXISTS hour (
        account TEXT NOT NULL,
        at REAL NOT NULL,
        lane TEXT NOT NULL,
        action TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL,
        served_model TEXT NOT NULL DEFAULT '',
        editor TEXT NOT NULL DEFAULT '',
        {", ".join(f"{name} REAL NOT NULL DEFAULT 0" for name in _SUMMED)},
        PRIMARY KEY (account, at, lane, action, model, served_model, editor)
    ) WITHOUT ROWID""",
    f"""INSERT INTO hour (at, {", ".join(_KEYS)}, {", ".join(_SUMMED)})
        SELECT hour_at, {", ".join(_KEYS)}, {sums()}
        FROM (SELECT {_hour("request")} AS hour_at, {", ".join(_KEYS)}, {_expressions()} FROM request)
        GROUP BY hour_at, {", ".join(_KEYS)}""",
    f"CREATE TRIGGER IF NOT EXISTS request_added AFTER INSERT ON request BEGIN {_add('NEW')} END",
    f"""CREATE TRIGGER IF NOT EXISTS request_changed AFTER UPDATE OF state, started_at, ended_at, served_model, estimated,
        prompt_tokens, cached_tokens, completion_tokens, credits, money, prompts ON request
        BEGIN {_take_away("OLD")} {_add("NEW")} END""",
)
"""The statements of a migration. Rows that are deleted stay in the sums."""


def parts(since: float, until: float) -> tuple[tuple[float, float] | None, tuple[tuple[float, float], ...]]:
    """The whole hours from *since* to *until*, and what is left at the ends."""
    first = ceil(since / HOUR_S) * HOUR_S
    last = inf if isinf(until) else floor(until / HOUR_S) * HOUR_S
    if first >= last:
        return None, ((since, until),)
    ends = ((since, first), (last, until))
    return (first, last), tuple(end for end in ends if end[0] < end[1])


def rows(
    since: float,
    until: float,
    account: str,
    lane: Lane | None = None,
    *,
    names: Iterable[str] = COLUMNS,
    columns: str = "",
) -> tuple[str, list[Any]]:
    """A table expression with a row for each hour or request from *since* to *until*, and its values.

    It has `at`, the columns *names* to be summed, which are some of `COLUMNS`, and further *columns*, each after a comma.
    The fewer they are, the likelier an index has them all.
    """
    names = tuple(names)
    whole, ends = parts(since, until)
    of_lane = "" if lane is None else " AND lane = ?"
    extra: list[Any] = [] if lane is None else [lane]
    texts: list[str] = []
    values: list[Any] = []
    if whole is not None:
        texts.append(
            f"SELECT at, {', '.join(names)}{columns} FROM hour WHERE account = ? AND at >= ? AND at < ?{of_lane}"
        )
        values += [account, *whole, *extra]
    for end in ends:
        texts.append(f"{_of_requests(names, columns)}{of_lane}")
        values += [account, *end, *extra]
    return f"({' UNION ALL '.join(texts)})", values


def requests(
    since: float, until: float, account: str, *, names: Iterable[str] = COLUMNS, columns: str = ""
) -> tuple[str, list[Any]]:
    """The same as `rows`, from the requests alone."""
    return f"({_of_requests(names, columns)})", [account, since, until]


def _of_requests(names: Iterable[str], columns: str) -> str:
    return f"""SELECT started_at AS at, {_expressions(names)}{columns} FROM request
        WHERE account = ? AND started_at >= ? AND started_at < ?"""


# -- what is old ---------------------------------------------------------------------------------------------


def forget_old(connection: sqlite3.Connection, now: float, most: int) -> int:
    """Delete up to *most* settled rows that are older than `KEPT_S`; how many there were. Their hours' sums stay."""
    before = int((now - KEPT_S) * 1000) << 20  # ids begin with the time at which they were given
    return connection.execute(
        "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE id < ? AND state != 'open' ORDER BY id LIMIT ?)",
        (before, most),
    ).rowcount


def put_together(connection: sqlite3.Connection, now: float) -> bool:
    """Put the hours of the first day that is older than `HOURS_KEPT_S` together, for all accounts; was there one?

    Hours with an open request stay, because their sums will change.
    """
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_DAYS_UNTIL,)).fetchone()
    if row and row[0] + DAY_S > now - HOURS_KEPT_S:
        return False
    accounts = _accounts(connection)
    day = row[0] if row else _first_day(connection, accounts)
    if day is None or day + DAY_S > now - HOURS_KEPT_S:
        return False
    of_day = "account = ? AND at > ? AND at < ? AND open = 0"
    for account in accounts:
        values = (account, day, day + DAY_S)
        connection.execute(
            f"""INSERT INTO hour (at, {", ".join(_KEYS)}, {", ".join(_SUMMED)})
                SELECT ?, {", ".join(_KEYS)}, {sums()} FROM hour WHERE {of_day} GROUP BY {", ".join(_KEYS)}
                {_GROWN}""",
            (day, *values),
        )
        connection.execute(f"DELETE FROM hour WHERE {of_day}", values)
    connection.execute(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_DAYS_UNTIL, day + DAY_S),
    )
    return True


def _accounts(connection: sqlite3.Connection) -> list[str]:
    """All that have sums; each is one step in the primary key."""
    found: list[str] = []
    statement = "SELECT account FROM hour ORDER BY account LIMIT 1"
    while row := connection.execute(statement, found[-1:]).fetchone():
        found.append(row[0])
        statement = "SELECT account FROM hour WHERE account > ? ORDER BY account LIMIT 1"
    return found


def _first_day(connection: sqlite3.Connection, accounts: Iterable[str]) -> float | None:
    first = [
        connection.execute("SELECT min(at) FROM hour WHERE account = ?", (account,)).fetchone()[0]
        for account in accounts
    ]
    return min(first) // DAY_S * DAY_S if first else None
