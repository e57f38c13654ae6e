"""How the service counts, kept by account and model for all processes, of this version and others."""

from __future__ import annotations

import pytest

from tests.contract.desks import ACCOUNT, Desk
from zai_ls.domain import Usage


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
    desk.beside_an_older_version(monkeypatch, 2, lambda: count(desk.ledger(), times=5))

    assert desk.ledger().factors(ACCOUNT) == {"glm-5": pytest.approx(1.5)}


def test_this_version_goes_on_beside_a_newer_one(desk):
    """With the columns it knows."""
    ledger = desk.ledger()
    count(ledger, times=4)
    desk.update("ALTER TABLE calibration ADD COLUMN spread REAL NOT NULL DEFAULT 0")
    count(ledger)
    count(desk.ledger(), model="glm-4.7", times=5)

    assert ledger.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5), "glm-4.7": pytest.approx(1.5)}


def test_a_damaged_table_is_found_out(desk):
    """And the file set aside, as for any other table."""
    count(desk.ledger(), times=5)
    desk.databases[-1].close()
    desk.change("DROP TABLE calibration")
    ledger = desk.ledger()
    count(ledger, times=5)

    assert ledger.factors(ACCOUNT) == {"glm-5": pytest.approx(1.5)}
    assert list(desk.folder.glob("state.db.corrupt-*"))
