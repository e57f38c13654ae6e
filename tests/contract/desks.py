"""What several processes of a user have in common: a folder, the time, and versions of zai-ls side by side."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.clock import TurnedClock
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.state import schema
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger, Reservation

ACCOUNT = "acme"


class Desk:
    """Databases of several processes on one folder."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.clock = TurnedClock()
        self.databases: list[Database] = []

    def database(self) -> Database:
        """That of one more process."""
        self.databases.append(Database(self.folder))
        return self.databases[-1]

    def ledger(self) -> Ledger:
        return Ledger(self.database(), self.clock)

    def pass_s(self, seconds: float) -> None:
        self.clock.set_back(-seconds)

    def close(self) -> None:
        for database in self.databases:
            database.close()

    def rows(self, statement: str) -> list[tuple]:
        """What the file says, read past our own code."""
        with contextlib.closing(sqlite3.connect(self.folder / "state.db")) as database:
            return database.execute(statement).fetchall()

    def change(self, *statements: str) -> None:
        """Somebody else does this to the file."""
        with contextlib.closing(sqlite3.connect(self.folder / "state.db")) as other:
            for statement in statements:
                other.execute(statement)
            other.commit()

    def update(self, statement: str) -> None:
        """A later version of zai-ls has added this, and says so."""
        self.change(statement, f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")

    def beside_an_older_version(self, monkeypatch, knows: int, work) -> None:
        """Check that processes that know the first *knows* migrations go on while we do *work*.

        One had the file open when it was brought up to ours; another starts when that was done.
        """
        first = self._older(monkeypatch, knows)
        _reserve(first)
        work()
        _reserve(first)
        late = self._older(monkeypatch, knows)
        _reserve(late)

        assert late.spent(ACCOUNT, 0).requests == 3

    def _older(self, monkeypatch, knows: int) -> Ledger:
        ledger = self.ledger()
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:knows])
            ledger.spent(ACCOUNT, 0)  # opens the file
        return ledger


def _reserve(ledger) -> None:
    entry = Reservation(ACCOUNT, Lane.ACTION, "glm-5", Usage(10, 0, 5))
    assert isinstance(ledger.reserve(entry, lambda view: Go()), int)
