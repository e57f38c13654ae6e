"""What became of completions: written once it is known, summed up, and forgotten after a while."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import replace

import pytest

from tests.contract.desks import ACCOUNT, Desk
from zai_ls.core.completion.fate import Fate
from zai_ls.domain import Lane
from zai_ls.state.db import BUSY_S
from zai_ls.state.shown import CompletionRow, Shown

DAY_S = 86_400.0


class ShownDesk(Desk):
    """With completions on it."""

    def shown(self) -> Shown:
        return Shown(self.database(), self.clock)

    def fate(self, id_="1", outcome="accepted", **fields) -> Fate:
        now = self.clock.now()
        fields = {
            "account": ACCOUNT,
            "lane": Lane.TYPING,
            "model": "glm-5.3",
            "language": "python",
            "editor": "helix",
            "cached": True,
            "shown_at": now - 2,
            "characters": 9,
            "lines": 2,
            "decided_at": now,
            "accepted_characters": 5 if outcome == "accepted" else 0,
            **fields,
        }
        return Fate(id=id_, outcome=outcome, **fields)

    def outcomes(self):
        """The table as it is, but for the times."""
        return self.rows("SELECT id, outcome, retained FROM completion ORDER BY id")


@pytest.fixture
def desk(tmp_path):
    desk = ShownDesk(tmp_path / "state")
    yield desk
    desk.close()


def test_all_that_is_known_is_kept_and_no_text(desk):
    """Each column with its value; there is none for text."""
    desk.shown().note(desk.fate())
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db")) as database:
        database.row_factory = sqlite3.Row
        (row,) = map(dict, database.execute("SELECT * FROM completion"))
    now = desk.clock.now()

    assert row == {
        "id": "1",
        "account": ACCOUNT,
        "lane": "typing",
        "model": "glm-5.3",
        "language": "python",
        "editor": "helix",
        "cached": 1,
        "shown_at": now - 2,
        "characters": 9,
        "lines": 2,
        "outcome": "accepted",
        "decided_at": now,
        "accepted_characters": 5,
        "retained": None,
    }


def test_sums_by_model(desk):
    """Of one account and of a time, over all processes, the most often shown first."""
    one, two = desk.shown(), desk.shown()
    for number, (outcome, kept) in enumerate(
        [("accepted", True), ("accepted", False), ("accepted", None), ("typed", None), ("rejected", None)]
    ):
        (one, two)[number % 2].note(desk.fate(str(number), outcome))
        if kept is not None:
            two.retained(str(number), kept)
    one.note(desk.fate("other model", "rejected", model="glm-5.3-flash"))
    one.note(desk.fate("other account", account="other"))
    one.note(desk.fate("before", shown_at=5.0))
    since = desk.clock.now() - 2

    assert one.completion_stats(ACCOUNT, since) == (
        CompletionRow("glm-5.3", 5, 3, 1, 1, 1, 2, 15),
        CompletionRow("glm-5.3-flash", 1, 0, 0, 1, 0, 0, 0),
    )
    assert one.completion_stats("nobody", 0) == ()


def test_sums_read_their_index_alone(desk):
    """A table of a quarter of a year is not read through for them."""
    shown = desk.shown()
    shown.note(desk.fate())
    plans = []
    for statement in (
        (
            "SELECT model, count(*), sum(outcome = 'typed'), count(retained), sum(accepted_characters) FROM completion"
            " WHERE account = 'a' AND shown_at >= 1 GROUP BY model"
        ),
        "SELECT id FROM completion WHERE shown_at < 1 ORDER BY shown_at, id LIMIT 5",
    ):
        rows = desk.databases[0].read(lambda c, s=statement: c.execute(f"EXPLAIN QUERY PLAN {s}").fetchall())
        plans.append(rows[0][-1])

    assert plans[0].startswith("SEARCH completion USING COVERING INDEX completion_sums")
    assert plans[1].startswith("SEARCH completion USING")
    assert "completion_age" in plans[1]


def test_what_is_said_later_counts_but_an_acceptance_stays_one(desk):
    """A mistyped key and back, then taken; taken, taken back and then refused."""
    shown = desk.shown()
    for outcome in ("rejected", "typed", "accepted", "rejected"):
        shown.note(desk.fate("1", outcome))
    shown.retained("1", False)
    (row,) = shown.completion_stats(ACCOUNT, 0)

    assert (row.shown, row.accepted, row.rejected, row.characters) == (1, 1, 0, 5)
    assert desk.outcomes() == [("1", "accepted", 0)]
    shown.note(desk.fate("1", accepted_characters=20, characters=30, lines=3))
    assert shown.completion_stats(ACCOUNT, 0)[0].characters == 20
    sizes = desk.databases[0].read(lambda c: c.execute("SELECT characters, lines FROM completion").fetchone())
    assert sizes == (30, 3)


def test_only_what_was_accepted_can_be_retained(desk):
    """And an unknown id is no row."""
    shown = desk.shown()
    shown.note(desk.fate("1", "rejected"))
    shown.retained("1", True)
    shown.retained("2", True)

    assert desk.outcomes() == [("1", "rejected", None)]


def test_what_is_old_goes(desk):
    """After ten days, whichever account it is of; looked for at most once an hour."""
    shown = desk.shown()
    shown.note(desk.fate("at first"))
    old = desk.fate("old", account="other", shown_at=desk.clock.now() - 11 * DAY_S)
    young = desk.fate("young", shown_at=desk.clock.now() - 9 * DAY_S)
    shown.note(old)
    shown.note(young)
    shown.note(desk.fate("at once"))
    assert [row[0] for row in desk.outcomes()] == ["at first", "at once", "old", "young"]
    desk.clock.set_back(-3601)
    shown.note(desk.fate("later"))
    assert [row[0] for row in desk.outcomes()] == ["at first", "at once", "later", "young"]

    shown.note(old)
    desk.shown().note(desk.fate("another process"))
    assert "old" not in [row[0] for row in desk.outcomes()]
    shown.note(old)
    desk.clock.set_back(4000)
    shown.note(desk.fate("the clock is set back"))
    assert "old" not in [row[0] for row in desk.outcomes()]


def test_the_sums_of_what_is_old_stay(desk):
    """By day and model, of each account; a few rows at a time."""
    shown = desk.shown()
    began = desk.clock.now()
    for number in range(12):
        outcome = ("accepted", "typed", "rejected")[number % 3]
        account = ACCOUNT if number % 4 else "other"
        shown.note(desk.fate(str(number), outcome, account=account, model=f"m{number % 2}"))
        shown.retained(str(number), number % 2 == 0)
        desk.clock.set_back(-DAY_S / 2)
    before = [shown.completion_stats(who, 0) for who in (ACCOUNT, "other")]
    since = [shown.completion_stats(ACCOUNT, (began // DAY_S + n) * DAY_S) for n in range(7)]
    desk.clock.set_back(-11 * DAY_S)
    shown.note(desk.fate("young", account="third"))

    assert [row[0] for row in desk.outcomes()] == ["young"]
    assert [shown.completion_stats(who, 0) for who in (ACCOUNT, "other")] == before
    assert [shown.completion_stats(ACCOUNT, (began // DAY_S + n) * DAY_S) for n in range(7)] == since


def test_much_that_is_old_goes_in_steps(desk):
    """So that nobody who types waits long."""
    shown = desk.shown()
    shown.note(desk.fate("first"))
    old = desk.clock.now() - 20 * DAY_S
    desk.change(
        f"""WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
            INSERT INTO completion (id, account, lane, model, shown_at, outcome, decided_at)
            SELECT 'old ' || i, '{ACCOUNT}', 'typing', 'm', {old} + i, 'typed', 0 FROM n"""
    )
    desk.clock.set_back(-3601)
    left = []
    for number in range(4):
        shown.note(desk.fate(f"new {number}"))
        left.append(desk.rows("SELECT count(*) FROM completion WHERE model = 'm'")[0][0])
    assert left == [600, 100, 0, 0]
    assert shown.completion_stats(ACCOUNT, 0)[0] == CompletionRow("m", 1100, 0, 1100, 0, 0, 0, 0)


def test_a_locked_database_costs_only_the_note(desk, caplog):
    """No error, a warning, and what comes later is written; what is old goes with it."""
    shown = desk.shown()
    shown.note(desk.fate("1"))
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        shown.note(desk.fate("2"))
        shown.retained("1", True)
        assert time.monotonic() - began < BUSY_S  # two notes, each with little patience
        other.execute("COMMIT")
    assert [record.message.split()[0] for record in caplog.records] == ["completion.not_noted"] * 2
    shown.note(desk.fate("3"))

    assert desk.outcomes() == [("1", "accepted", None), ("3", "accepted", None)]


def test_a_folder_that_cannot_be_used_costs_only_the_note(tmp_path, caplog):
    """A person types on."""
    (tmp_path / "state").write_text("")
    desk = ShownDesk(tmp_path / "state")
    desk.shown().note(desk.fate())

    assert [record.message.split()[0] for record in caplog.records] == ["completion.not_noted"]


def test_an_older_version_goes_on_beside_this_one(desk, monkeypatch):
    """It knows the ledger and not this table; its file is brought up to ours under it, and it may start again later."""
    shown = desk.shown()
    desk.beside_an_older_version(monkeypatch, 1, lambda: shown.note(desk.fate("1")))
    shown.retained("1", True)

    assert desk.outcomes() == [("1", "accepted", 1)]


def test_this_version_goes_on_beside_a_newer_one(desk):
    """With the columns it knows."""
    shown = desk.shown()
    shown.note(desk.fate("1"))
    desk.update("ALTER TABLE completion ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")
    shown.note(replace(desk.fate("2"), outcome="typed"))
    desk.shown().note(desk.fate("3", "rejected"))

    assert [(row.accepted, row.typed, row.rejected) for row in shown.completion_stats(ACCOUNT, 0)] == [
        (1, 1, 1)
    ]


def test_a_database_without_the_days_is_begun_anew(desk):
    """It is damaged, and set aside."""
    shown = desk.shown()
    shown.note(desk.fate("1"))
    desk.change("DROP TABLE completion_day")
    assert shown.completion_stats(ACCOUNT, 0) == ()
    shown.note(desk.fate("2"))
    assert shown.completion_stats(ACCOUNT, 0)[0].shown == 1


@pytest.mark.parametrize("harm", ["removed", "without its table"])
def test_a_lost_database_is_begun_anew(desk, harm):
    """What was written is lost with it; what comes is written."""
    shown = desk.shown()
    shown.note(desk.fate("1"))
    if harm == "removed":
        for ending in ("", "-wal", "-shm"):
            (desk.folder / f"state.db{ending}").unlink()
    else:
        desk.change("DROP TABLE completion")
    shown.note(desk.fate("2"))

    assert desk.outcomes() == [("2", "accepted", None)]
