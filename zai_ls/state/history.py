"""The ledger as `core.quota` asks it: sums over one account's requests, read from the hours' sums and from an index alone."""

from __future__ import annotations

from math import inf, nextafter
from typing import TYPE_CHECKING

from zai_ls.core.quota import Amount
from zai_ls.state import hours

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from zai_ls.domain import Lane

    class _Run(Protocol):
        def __call__(self, work: Callable[[sqlite3.Connection], Any], /) -> Any: ...


_LONGEST_S = 2 * 3600.0
"""No request takes longer (the bound of `timeouts.total`): what was not settled at an instant was not started long before it."""
_NOTHING = 1e-9
"""Sums by the hour to which amounts are added, and from which they are taken away, miss 0 by less."""

_AMOUNT = ("requests", "credits", "prompts", "prompt_tokens", "completion_tokens", "money")
"""Columns of `hours.rows`; the index `request_taken` has them all."""


class LedgerHistory:
    """One account's requests; *run* reads the database, or uses a transaction that is open."""

    def __init__(self, run: _Run, account: str) -> None:
        self._run = run
        self._account = account

    def first_from(self, at: float) -> float | None:
        """When the first request that took something was started at or after *at*; of one whose row has gone, its hour or day."""

        def work(connection: sqlite3.Connection) -> float | None:
            row = self._row_that_took(connection, "AND started_at >= ? ORDER BY started_at", at)
            hour = self._hour_that_took(connection, "AND at >= ? ORDER BY at", at)
            # An hour that began at or after *at* and is over before the first row there is has no rows any more.
            is_older = hour is not None and (row is None or hour + hours.HOUR_S <= row)
            return hour if is_older else row

        return self._found(work)

    def last(self) -> float | None:
        """When the latest request that took something was started; of one whose row has gone, its hour or day."""

        def work(connection: sqlite3.Connection) -> float | None:
            row = self._row_that_took(connection, "ORDER BY started_at DESC")
            return self._hour_that_took(connection, "ORDER BY at DESC") if row is None else row

        return self._found(work)

    def between(self, since: float, until: float, lane: Lane | None = None) -> Amount:
        """What was started at or after *since* and before *until*, of all lanes or of one."""
        amount: Amount = self._run(lambda connection: self._between(connection, since, until, lane))
        return amount

    def unsettled_at(self, at: float) -> Amount:
        """What ended after *at*, or has not ended; what was started more than two hours before *at* had ended."""

        def work(connection: sqlite3.Connection) -> Amount:
            # No request ends before it began: all that was started later has ended later.
            later = self._between(connection, nextafter(at, inf), inf, None)
            table, values = hours.requests(
                at - _LONGEST_S, nextafter(at, inf), self._account, names=_AMOUNT, columns=", ended_at"
            )
            row = connection.execute(
                f"SELECT {hours.sums(_AMOUNT)} FROM {table} WHERE ended_at > ? OR ended_at IS NULL",  # noqa: S608 - our own constants
                (*values, at),
            ).fetchone()
            return later + _amount(row)

        amount: Amount = self._run(work)
        return amount

    def _between(
        self, connection: sqlite3.Connection, since: float, until: float, lane: Lane | None
    ) -> Amount:
        table, values = hours.rows(since, until, self._account, lane, names=_AMOUNT)
        return _amount(
            connection.execute(f"SELECT {hours.sums(_AMOUNT)} FROM {table}", values).fetchone()  # noqa: S608 - our own constants
        )

    def _found(self, work: Callable[[sqlite3.Connection], float | None]) -> float | None:
        found: float | None = self._run(work)
        return found

    def _row_that_took(self, connection: sqlite3.Connection, ordered: str, *values: float) -> float | None:
        row = connection.execute(
            f"""SELECT started_at FROM request INDEXED BY request_taken
                WHERE account = ? AND (credits > 0 OR prompts > 0 OR money > 0) {ordered} LIMIT 1""",  # noqa: S608 - our own constants
            (self._account, *values),
        ).fetchone()
        return None if row is None else float(row[0])

    def _hour_that_took(self, connection: sqlite3.Connection, ordered: str, *values: float) -> float | None:
        row = connection.execute(
            f"""SELECT at FROM hour WHERE account = ?
                AND (credits > {_NOTHING} OR prompts > {_NOTHING} OR money > {_NOTHING}) {ordered} LIMIT 1""",  # noqa: S608 - our own constants
            (self._account, *values),
        ).fetchone()
        return None if row is None else float(row[0])


def _amount(row: Sequence[float]) -> Amount:
    """From the sums of `_AMOUNT`."""
    requests, credits_, prompts, prompt_tokens, completion_tokens, money = row
    return Amount(
        round(requests),
        float(credits_),
        float(prompts),
        round(prompt_tokens + completion_tokens),
        float(money),
    )
