"""What the service told of each account, for all processes; and who of them may ask it next.

Only one process asks at a time: it claims the question, asks, and says how that ended. A claim ends by itself when its
process dies. An endpoint that fails is asked less and less often. Nothing here fails for the database's sake: without it
nothing is known and nobody asks.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from zai_ls.domain import Reading, Unit, Window, WindowName
from zai_ls.errors import StateUnusable
from zai_ls.state.db import SHORT_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.state.db import Database

T = TypeVar("T")

_log = logging.getLogger(__name__)

_KEPT = 200
"""So many of an account's readings are kept: at one in five minutes, those of a working day and its evening."""
_KEPT_S = 90 * 86_400.0
_FIRST_PAUSE_S = 300.0
_LONGEST_PAUSE_S = 3600.0
_LONGEST_RETRY_AFTER_S = 6 * 3600.0
_SET_BACK_S = 60.0
"""What lies farther in the future than this was written before the clock was set back, and holds nobody up."""


class Readings:
    """The readings of one user's accounts, as one process has them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    # -- what is known ---------------------------------------------------------------------------------------

    def latest(self, account: str) -> Reading | None:
        """The reading that came last, whichever process asked; None when there is none that can be read."""
        found = self._read(account, "SELECT at, told FROM reading WHERE account = ? ORDER BY id DESC LIMIT 1")
        return found[0] if found else None

    def history(self, account: str, since: float) -> tuple[Reading, ...]:
        """The readings at or after *since* (epoch seconds) that are still kept, oldest first."""
        found = self._read(account, "SELECT at, told FROM reading WHERE account = ? ORDER BY id")
        return tuple(reading for reading in found if reading.at >= since)

    def bearer(self, account: str) -> bool | None:
        """Was the key taken as a bearer token the last time? None when no question was answered yet."""
        known = self._known(account, "bearer")
        return None if known is None else bool(known)

    def trouble(self, account: str) -> str | None:
        """Why the last question was not answered (a `why` of `NoReading`); None when it was, or nobody asked."""
        return self._known(account, "why") or None

    # -- asking ----------------------------------------------------------------------------------------------

    def claim(self, account: str, *, every_s: float, lease_s: float) -> bool:
        """May this process ask now? True for one only: then it says `put` or `failed`, within *lease_s* seconds.

        False while the last question ended less than *every_s* seconds ago, while another process asks, and in the pause
        after a failure. A claim of which nothing is heard ends with its lease.
        """

        def work(connection: sqlite3.Connection) -> bool:
            # The time of this transaction: with an earlier one, another's claim would seem to lie in the future.
            now = self._clock.now()
            row = connection.execute(
                "SELECT claimed_at, claimed_until, ended_at, not_before FROM question WHERE account = ?",
                (account,),
            ).fetchone()
            if row is not None and not _is_due(now, every_s, *row):
                return False
            connection.execute(
                """INSERT INTO question (account, proc, claimed_at, claimed_until) VALUES (?, ?, ?, ?)
                   ON CONFLICT (account) DO UPDATE SET proc = excluded.proc, claimed_at = excluded.claimed_at,
                   claimed_until = excluded.claimed_until""",
                (account, self._db.process_id, now, now + lease_s),
            )
            return True

        return self._written(work, otherwise=False)

    def put(self, account: str, reading: Reading, bearer: bool | None = None) -> None:
        """The service told *reading*; *bearer*: how it took the key, None leaves that as it was. Ends our claim."""

        def work(connection: sqlite3.Connection) -> None:
            now = self._clock.now()
            connection.execute(
                "INSERT INTO reading (account, at, told) VALUES (?, ?, ?)",
                (account, reading.at, _told(reading)),
            )
            connection.execute(
                """DELETE FROM reading WHERE account = ? AND id <= coalesce(
                   (SELECT id FROM reading WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ?), 0)""",
                (account, account, _KEPT),
            )
            connection.execute("DELETE FROM reading WHERE at < ?", (now - _KEPT_S,))
            self._end(connection, account, now)
            connection.execute(
                """UPDATE question SET failures = 0, why = '', not_before = 0, bearer = coalesce(?, bearer)
                   WHERE account = ?""",
                (bearer, account),
            )

        self._written(work, otherwise=None)

    def failed(self, account: str, why: str, retry_after: float | None = None) -> None:
        """The question was not answered (*why* as in `NoReading`); *retry_after*: seconds to wait, if the service said so.

        The next one waits 5 minutes, then twice as long each time up to an hour, or as long as the service says. Ends our
        claim.
        """

        def work(connection: sqlite3.Connection) -> None:
            now = self._clock.now()
            self._end(connection, account, now)
            (failures,) = connection.execute(
                "SELECT failures FROM question WHERE account = ?", (account,)
            ).fetchone()
            pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 10))
            if retry_after is not None and retry_after > pause:
                pause = min(retry_after, _LONGEST_RETRY_AFTER_S)
            connection.execute(
                "UPDATE question SET failures = failures + 1, why = ?, not_before = ? WHERE account = ?",
                (why, now + pause, account),
            )

        self._written(work, otherwise=None)

    def _end(self, connection: sqlite3.Connection, account: str, now: float) -> None:
        """A question has ended; another process' claim, made when our lease was over, stays."""
        connection.execute(
            """INSERT INTO question (account, ended_at) VALUES (?, ?)
               ON CONFLICT (account) DO UPDATE SET ended_at = excluded.ended_at""",
            (account, now),
        )
        connection.execute(
            "UPDATE question SET claimed_until = 0 WHERE account = ? AND proc = ?",
            (account, self._db.process_id),
        )

    # -- the database ----------------------------------------------------------------------------------------

    def _read(self, account: str, statement: str) -> list[Reading]:
        rows: list[tuple[float, str]] = self._seen(
            lambda connection: connection.execute(statement, (account,)).fetchall(), []
        )
        return [reading for at, told in rows if (reading := _reading(at, told)) is not None]

    def _known(self, account: str, column: str) -> Any:
        """A column of the account's question; None when there is none."""
        statement = f"SELECT {column} FROM question WHERE account = ?"  # noqa: S608 - a column's name of our own
        row = self._seen(lambda connection: connection.execute(statement, (account,)).fetchone(), None)
        return row[0] if row else None

    def _seen(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        try:
            return self._db.read(work)
        except StateUnusable as error:
            _log.warning("reading.not_read %s", error)
            return otherwise

    def _written(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        try:
            return self._db.transaction(work, patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("reading.not_noted %s", error)
            return otherwise


def _is_due(
    now: float, every_s: float, claimed_at: float, claimed_until: float, ended_at: float, not_before: float
) -> bool:
    """May somebody ask? What was written in a future that the clock has left again does not count."""
    future = now + _SET_BACK_S
    if claimed_at <= future and now < claimed_until:
        return False
    return ended_at > future or (now - ended_at >= every_s and now >= not_before)


# -- a reading as JSON ----------------------------------------------------------------------------------------


def _told(reading: Reading) -> str:
    windows = [asdict(window) for window in reading.windows]
    for window in windows:
        del window["source"]
    return json.dumps(
        {
            "level": reading.level,
            "balance": reading.balance,
            "currency": reading.currency,
            "windows": windows,
        }
    )


@lru_cache(maxsize=512)  # all are read again and again, and one a few minutes is new
def _reading(at: float, told: str) -> Reading | None:
    """What was written, perhaps by another version: what we do not know is passed over. None when it is no reading."""
    try:
        value = json.loads(told)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    windows = value.get("windows")
    level = value.get("level")
    return Reading(
        at=at,
        windows=tuple(
            window
            for raw in (windows if isinstance(windows, list) else ())
            if isinstance(raw, dict) and (window := _window(raw)) is not None
        ),
        level=level if isinstance(level, str) else "",
        balance=_number(value.get("balance")),
        currency="cny" if value.get("currency") == "cny" else "usd",
    )


def _window(raw: dict[str, Any]) -> Window | None:
    name: WindowName | None = _one_of(get_args(WindowName), raw.get("name"))
    unit: Unit | None = _one_of(get_args(Unit), raw.get("unit"))
    if name is None or unit is None:
        return None
    return Window(
        name=name,
        used_percent=_number(raw.get("used_percent")),
        resets_at=_number(raw.get("resets_at")),
        source="reported",
        limit=_number(raw.get("limit")),
        used=_number(raw.get("used")),
        unit=unit,
        read_at=_number(raw.get("read_at")),
        others=_number(raw.get("others")) or 0.0,
    )


def _one_of(known: tuple[Any, ...], raw: object) -> Any:
    return raw if isinstance(raw, str) and raw in known else None


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
