"""What several processes of a user have in common: a folder, the time, and versions of zai-ls side by side."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.clock import TurnedClock
from zai_ls.state import schema
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger

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
        _send_as_it_was(first, 1)
        work()
        _send_as_it_was(first, 2)
        late = self._older(monkeypatch, knows)
        _send_as_it_was(late, 3)

        (count,) = late.read(lambda connection: connection.execute("SELECT count(*) FROM request").fetchone())
        assert count == 3
        assert self.ledger().spent(ACCOUNT, 0).prompt_tokens >= 30, "we count what it sends"

    def _older(self, monkeypatch, knows: int) -> Database:
        database = self.database()
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:knows])
            database.read(
                lambda connection: connection.execute("SELECT count(*) FROM meta")
            )  # opens the file
        return database


def _send_as_it_was(database: Database, number: int) -> None:
    """A request, written and settled with the columns that the first version knew."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(
            """INSERT OR IGNORE INTO request (id, account, proc, lane, model, started_at, prompt_tokens, credits)
               VALUES (?, ?, 'old', 'action', 'glm-5', ?, 10, 2.5)""",
            (number << 40, ACCOUNT, number),
        )
        connection.execute(
            "UPDATE request SET state = 'complete', ended_at = started_at + 1, completion_tokens = 5 WHERE id = ?",
            (number << 40,),
        )

    database.transaction(work)
