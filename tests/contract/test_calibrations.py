"""How the service counts, kept by account and model for all processes, of this version and others."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.clock import TurnedClock
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.state import schema
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger, Reservation

ACCOUNT = "acme"


class Desk:
    """Ledgers of several processes on one folder."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.clock = TurnedClock()
        self.databases: list[Database] = []

    def ledger(self) -> Ledger:
        self.databases.append(Database(self.folder))
        return Ledger(self.databases[-1], self.clock)


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "state")
    yield desk
    for database in desk.databases:
        database.close()


def count(ledger, ratio=1.5, times=1, account=ACCOUNT, model="glm-5") -> None:
    for _ in range(times):
        ledger.counted(account, model, 1_000, Usage(round(1_000 * ratio), 0, 5))


def test_all_processes_learn_together(desk):
    """Three requests of one process and two of another are five."""
    one, two = desk.ledger(), desk.ledger()
    count(one, times=3)
    assert two.factors(ACCOUNT) == {"glm-5": 1.0}
    count(two, times=2)

    assert one.factors(ACCOUNT) == two.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5)}


def test_each_account_and_model_by_itself(desk):
    """Another model has another tokenizer; another account may sit at another host."""
    ledger = desk.ledger()
    count(ledger, times=5)
    count(ledger, 0.8, 5, model="glm-4.7")
    count(ledger, 0.6, 5, account="other")

    assert ledger.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5), "glm-4.7": pytest.approx(0.8)}
    assert ledger.factors("nobody") == {}


def test_only_the_services_own_count_counts(desk):
    """A reply that was cut off reports nothing, and our own guess proves nothing."""
    ledger = desk.ledger()
    ledger.counted(ACCOUNT, "glm-5", 1_000, Usage(1_500, 0, 5, estimated=True))
    ledger.counted(ACCOUNT, "glm-5", 1_000, Usage(0, 0, 5))

    assert ledger.factors(ACCOUNT) == {}


def test_a_folder_that_cannot_be_used_costs_only_the_factor(tmp_path, caplog):
    """Nobody's request fails for it."""
    (tmp_path / "state").write_text("")
    ledger = Desk(tmp_path / "state").ledger()
    count(ledger)

    assert ledger.factors(ACCOUNT) == {}
    assert {record.message.split()[0] for record in caplog.records} == {"ledger.not_calibrated"}


def test_an_older_version_goes_on_beside_this_one(desk, monkeypatch):
    """It does not know the table; its file is brought up to ours under it, and it may start again later."""

    def older() -> Ledger:
        ledger = desk.ledger()
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
            ledger.spent(ACCOUNT, 0)  # opens the file
        return ledger

    def reserve(ledger) -> None:
        entry = Reservation(ACCOUNT, Lane.ACTION, "glm-5", Usage(10, 0, 5))
        assert isinstance(ledger.reserve(entry, lambda view: Go()), int)

    first = older()
    reserve(first)
    count(desk.ledger(), times=5)
    reserve(first)
    late = older()
    reserve(late)

    assert late.spent(ACCOUNT, 0).requests == 3
    assert desk.ledger().factors(ACCOUNT) == {"glm-5": pytest.approx(1.5)}


def test_this_version_goes_on_beside_a_newer_one(desk):
    """With the columns it knows."""
    ledger = desk.ledger()
    count(ledger, times=4)
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db")) as newer:
        newer.execute("ALTER TABLE calibration ADD COLUMN spread REAL NOT NULL DEFAULT 0")
        newer.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
        newer.commit()
    count(ledger)
    count(desk.ledger(), model="glm-4.7", times=5)

    assert ledger.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5), "glm-4.7": pytest.approx(1.5)}


def test_a_damaged_table_is_found_out(desk):
    """And the file set aside, as for any other table."""
    count(desk.ledger(), times=5)
    desk.databases[-1].close()
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db")) as harmful:
        harmful.execute("DROP TABLE calibration")
        harmful.commit()
    ledger = desk.ledger()
    count(ledger, times=5)

    assert ledger.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5)}
    assert list(desk.folder.glob("state.db.corrupt-*"))
