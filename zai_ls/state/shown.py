"""What became of the completions that were shown: written when it is known, on this machine only.

After a while only the sums of each day are kept.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.errors import StateUnusable
from zai_ls.state.db import SHORT_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.core.completion.fate import Fate
    from zai_ls.state.db import Database

_log = logging.getLogger(__name__)

_DAY_S = 86_400.0
_KEPT_S = 10 * _DAY_S
_CLEAN_EVERY_S = 3_600.0
_CLEANED_AT_ONCE = 500

_SUMS = {
    "shown": "count(*)",
    "accepted": "sum(outcome = 'accepted')",
    "typed": "sum(outcome = 'typed')",
    "rejected": "sum(outcome = 'rejected')",
    "retained": "coalesce(sum(retained), 0)",
    "retained_known": "count(retained)",
    "characters": "sum(accepted_characters)",
}
"""Column of a day's sums, and what it is over rows; in the order of `CompletionRow`."""


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """One line of statistics: the completions of one model."""

    model: str
    shown: int
    accepted: int
    typed: int
    """Written by hand to their ends."""
    rejected: int
    retained: int
    """Of those accepted, how many were still there a while later."""
    retained_known: int
    """Of how many that is known."""
    characters: int
    """Accepted ones, all together."""


class Shown:
    """The completions of one user, as one process writes them.

    Writing never fails for the database's sake: what cannot be written now is left out.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._cleaned_at: float | None = None

    def note(self, fate: Fate) -> None:
        """Write what became of a completion. What is said later counts, but an acceptance stays one, of more at the most."""
        now = self._clock.now()
        cleans = self._cleaned_at is None or abs(now - self._cleaned_at) >= _CLEAN_EVERY_S
        is_clean = False

        def work(connection: sqlite3.Connection) -> None:
            nonlocal is_clean
            is_clean = cleans and self.forget_old(connection, now) < _CLEANED_AT_ONCE
            connection.execute(
                """INSERT INTO completion (id, account, lane, model, language, editor, cached, shown_at, characters, lines,
                   outcome, decided_at, accepted_characters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, decided_at = excluded.decided_at,
                   characters = excluded.characters, lines = excluded.lines,
                   accepted_characters = excluded.accepted_characters
                   WHERE outcome != 'accepted' OR excluded.outcome = 'accepted'""",
                (
                    fate.id,
                    fate.account,
                    fate.lane.value,
                    fate.model,
                    fate.language,
                    fate.editor,
                    fate.cached,
                    fate.shown_at,
                    fate.characters,
                    fate.lines,
                    fate.outcome,
                    fate.decided_at,
                    fate.accepted_characters,
                ),
            )

        if self._written(work) and is_clean:
            self._cleaned_at = now

    def forget_old(self, connection: sqlite3.Connection, now: float) -> int:
        """Put some of what was shown long before *now* into the sums of its day, and let go of it; how many rows."""
        before = (now - _KEPT_S) // _DAY_S * _DAY_S
        old = "SELECT id FROM completion WHERE shown_at < ? ORDER BY shown_at, id LIMIT ?"
        connection.execute(
            f"""INSERT INTO completion_day (account, at, model, {", ".join(_SUMS)})
                SELECT account, CAST(shown_at / {_DAY_S} AS INTEGER) * {_DAY_S} AS day, model, {", ".join(_SUMS.values())}
                FROM completion WHERE id IN ({old}) GROUP BY account, day, model
                ON CONFLICT (account, at, model) DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMS)}""",  # noqa: S608 - our own constants
            (before, _CLEANED_AT_ONCE),
        )
        return connection.execute(
            f"DELETE FROM completion WHERE id IN ({old})",  # noqa: S608 - our own constants
            (before, _CLEANED_AT_ONCE),
        ).rowcount

    def retained(self, id_: str, kept: bool) -> None:
        """Write whether what was accepted is still there."""
        self._written(
            lambda connection: connection.execute(
                "UPDATE completion SET retained = ? WHERE id = ? AND outcome = 'accepted'", (kept, id_)
            )
        )

    def completion_stats(self, account: str, since: float) -> tuple[CompletionRow, ...]:
        """Sums by model of what was shown at or after *since*, the most often shown first; of days long ago, the whole day."""
        names = ", ".join(_SUMS)
        sums = ", ".join(f"{what} AS {name}" for name, what in _SUMS.items())
        statement = f"""SELECT model, {", ".join(f"sum({name})" for name in _SUMS)} FROM (
                SELECT model, {names} FROM completion_day WHERE account = ? AND at > ?
                UNION ALL
                SELECT model, {sums} FROM completion WHERE account = ? AND shown_at >= ? GROUP BY model
            ) GROUP BY model ORDER BY sum(shown) DESC, model"""  # noqa: S608 - our own constants
        return self._db.read(
            lambda connection: tuple(
                CompletionRow(*row)
                for row in connection.execute(statement, (account, since - _DAY_S, account, since))
            )
        )

    def _written(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        """Was *work* done? A person types meanwhile: a note is not worth waiting for."""
        try:
            self._db.transaction(work, patience_s=SHORT_S)
        except StateUnusable as error:
            _log.warning("completion.not_noted %s", error)
            return False
        return True
