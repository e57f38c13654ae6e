"""The pause between requests that the service's refusals have taught: by account, for all processes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from zai_ls.core.throttle import recovered, slower
from zai_ls.errors import StateUnusable
from zai_ls.state.db import SHORT_S

if TYPE_CHECKING:
    import sqlite3

    from zai_ls.clock import Clock
    from zai_ls.state.db import Database

_log = logging.getLogger(__name__)


class Pacing:
    """What `core.throttle` says of 1302 and 1303, kept. Never fails: a pause that cannot be read is none."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def gap_s(self, account: str) -> float:
        """Seconds to wait after a request of *account* before the next one; 0 as long as nothing was learnt."""
        now = self._clock.now()
        try:
            return self._db.read(lambda connection: _gap(connection, account, now))
        except StateUnusable as error:
            _log.warning("pacing.unknown %s", error)
            return 0.0

    def refused(self, account: str) -> None:
        """The service called *account* too fast."""
        now = self._clock.now()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                """INSERT INTO pacing (account, gap_s, refused_at) VALUES (?, ?, ?) ON CONFLICT (account)
                   DO UPDATE SET gap_s = excluded.gap_s, refused_at = excluded.refused_at""",
                (account, slower(_gap(connection, account, now)), now),
            )

        try:
            self._db.transaction(work, patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("pacing.not_learnt %s", error)


def _gap(connection: sqlite3.Connection, account: str, now: float) -> float:
    row = connection.execute("SELECT gap_s, refused_at FROM pacing WHERE account = ?", (account,)).fetchone()
    return 0.0 if row is None else recovered(row[0], now - row[1])
