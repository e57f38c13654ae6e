"""What a person was told already: one window of one account passes one threshold once, in whichever editor that shows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from zai_ls.errors import StateUnusable
from zai_ls.state.db import SHORT_S

if TYPE_CHECKING:
    import sqlite3

    from zai_ls.clock import Clock
    from zai_ls.state.db import Database

_log = logging.getLogger(__name__)

_KEPT_S = 40 * 86_400.0
"""Longer than any window."""
_SAME_S = 60.0
"""Reset times that are closer than this are one: they are told to the millisecond, and not always the same one."""


class Notices:
    """The notices of one user, as one process gives them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def first(self, account: str, window: str, resets_at: float | None, threshold: float) -> bool:
        """Is nobody told yet that *window*, which refills at *resets_at*, has passed *threshold*? True once, over all processes.

        *resets_at* is in epoch seconds, to the minute; None where it is not known, which counts as one time of its own.
        False when the database cannot be used: rather no notice than one from each editor again and again.
        """

        def work(connection: sqlite3.Connection) -> bool:
            now = self._clock.now()
            connection.execute("DELETE FROM notice WHERE told_at < ?", (now - _KEPT_S,))
            told = connection.execute(
                "SELECT 1 FROM notice WHERE account = ? AND period = ? AND threshold = ? AND abs(resets_at - ?) < ?",
                (account, window, threshold, resets_at or 0.0, _SAME_S),
            ).fetchone()
            if told is None:
                connection.execute(
                    "INSERT INTO notice (account, period, resets_at, threshold, told_at) VALUES (?, ?, ?, ?, ?)",
                    (account, window, resets_at or 0.0, threshold, now),
                )
            return told is None

        try:
            return self._db.transaction(work, patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("notice.not_noted %s", error)
            return False
