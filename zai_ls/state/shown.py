"""What became of the completions that were shown: written when it is known, kept for a while, on this machine only."""

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

_KEPT_S = 90 * 86_400.0
_CLEAN_EVERY_S = 3_600.0


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

        def work(connection: sqlite3.Connection) -> None:
            if cleans:
                connection.execute("DELETE FROM completion WHERE shown_at < ?", (now - _KEPT_S,))
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

        if self._written(work) and cleans:
            self._cleaned_at = now

    def retained(self, id_: str, kept: bool) -> None:
        """Write whether what was accepted is still there."""
        self._written(
            lambda connection: connection.execute(
                "UPDATE completion SET retained = ? WHERE id = ? AND outcome = 'accepted'", (kept, id_)
            )
        )

    def completion_stats(self, account: str, since: float) -> tuple[CompletionRow, ...]:
        """Sums by model of what was shown at or after *since*, the most often shown first."""
        return self._db.read(
            lambda connection: tuple(
                CompletionRow(*row)
                for row in connection.execute(
                    """SELECT model, count(*), sum(outcome = 'accepted'), sum(outcome = 'typed'),
                       sum(outcome = 'rejected'), coalesce(sum(retained), 0), count(retained), sum(accepted_characters)
                       FROM completion WHERE account = ? AND shown_at >= ?
                       GROUP BY model ORDER BY count(*) DESC, model""",
                    (account, since),
                )
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
