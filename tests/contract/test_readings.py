"""What the service told, for all processes; and that only one of them asks at a time."""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.contract.desks import ACCOUNT, Desk
from zai_ls.domain import Reading, Window
from zai_ls.state.db import Database
from zai_ls.state.notices import Notices
from zai_ls.state.readings import Readings

HOUR, DAY = 3600.0, 86_400.0
EVERY = {"every_s": 180.0, "lease_s": 30.0}


def readings(desk) -> Readings:
    """Those of one more process."""
    return Readings(desk.database(), desk.clock)


def reading(desk, percent: float | None = 12.5, **fields) -> Reading:
    now = desk.clock.now()
    five = Window("5h", percent, now + HOUR, "reported", 2000.0, 250.0, "credits", now)
    calls = Window("month", None, None, "reported", unit="calls", read_at=now, others=1.5)
    return Reading(**{"at": now, "windows": (five, calls), "level": "lite", **fields})


# -- what is known --------------------------------------------------------------------------------------------------


def test_all_processes_know_the_newest(desk):
    """Whoever asked; each account by itself."""
    one, two = readings(desk), readings(desk)
    first = reading(desk)
    one.put(ACCOUNT, first, bearer=False)
    assert two.latest(ACCOUNT) == first
    desk.pass_s(60)
    second = reading(desk, 13.0, level="", balance=-0.35, currency="cny")
    two.put(ACCOUNT, second, bearer=False)

    assert one.latest(ACCOUNT) == second
    assert one.latest("other") is None
    assert one.history("other", 0) == ()


def test_the_newest_is_the_one_that_came_last(desk):
    """Also when the clock was set back between them."""
    known = readings(desk)
    known.put(ACCOUNT, reading(desk, 1.0))
    desk.clock.set_back(HOUR)
    known.put(ACCOUNT, reading(desk, 2.0))

    latest = known.latest(ACCOUNT)
    assert latest is not None
    assert latest.windows[0].used_percent == 2.0


def test_the_history_is_that_of_late(desk):
    """Oldest first, from a time on; two hundred of each account at the most."""
    known = readings(desk)
    began = desk.clock.now()
    known.put("other", reading(desk))
    for percent in range(203):
        known.put(ACCOUNT, reading(desk, float(percent % 100)))
        desk.pass_s(60)

    whole = known.history(ACCOUNT, 0)
    assert [r.at for r in whole] == [began + 60 * n for n in range(3, 203)]
    assert known.history(ACCOUNT, began + 60 * 201) == whole[-2:]
    assert len(known.history("other", 0)) == 1


def test_what_is_very_old_goes(desk):
    """After a quarter of a year, whichever account it is of."""
    known = readings(desk)
    known.put("gone", reading(desk))
    desk.pass_s(91 * DAY)
    known.put(ACCOUNT, reading(desk))

    assert known.latest("gone") is None
    assert known.latest(ACCOUNT) is not None


def test_how_the_key_was_taken_is_remembered(desk):
    """Until it is taken otherwise; a failure does not change it."""
    one, two = readings(desk), readings(desk)
    assert one.bearer(ACCOUNT) is None
    one.put(ACCOUNT, reading(desk), bearer=True)
    assert two.bearer(ACCOUNT) is True
    two.put(ACCOUNT, reading(desk))
    two.failed(ACCOUNT, "http")
    assert one.bearer(ACCOUNT) is True
    two.put(ACCOUNT, reading(desk), bearer=False)
    assert one.bearer(ACCOUNT) is False
    assert one.bearer("other") is None


# -- who asks -------------------------------------------------------------------------------------------------------


def test_one_process_asks(desk):
    """Nobody else while it does, nor until it is time again; each account by itself."""
    one, two = readings(desk), readings(desk)
    assert one.claim(ACCOUNT, **EVERY)
    assert not two.claim(ACCOUNT, **EVERY)
    assert not one.claim(ACCOUNT, every_s=0, lease_s=30)
    assert two.claim("other", **EVERY)

    desk.pass_s(5)
    one.put(ACCOUNT, reading(desk))
    assert not two.claim(ACCOUNT, **EVERY)
    desk.pass_s(179)
    assert not two.claim(ACCOUNT, **EVERY)
    desk.pass_s(1)
    assert two.claim(ACCOUNT, **EVERY)
    assert not one.claim(ACCOUNT, **EVERY)


def test_a_claim_of_which_nothing_is_heard_ends(desk):
    """With its lease: its process is dead, or has forgotten it."""
    one, two = readings(desk), readings(desk)
    assert one.claim(ACCOUNT, **EVERY)
    desk.pass_s(29)
    assert not two.claim(ACCOUNT, **EVERY)
    desk.pass_s(1)
    assert two.claim(ACCOUNT, **EVERY)

    # The first was only slow: what it heard counts, and the other goes on asking.
    late = reading(desk)
    one.put(ACCOUNT, late)
    assert one.latest(ACCOUNT) == late
    assert not one.claim(ACCOUNT, every_s=0, lease_s=30)
    two.failed(ACCOUNT, "http")
    assert two.trouble(ACCOUNT) == "http"


def test_a_clock_set_back_holds_nobody_up(desk):
    """Neither a claim nor an answer nor a pause of a future that did not come."""
    one, two = readings(desk), readings(desk)
    assert one.claim(ACCOUNT, **EVERY)
    desk.clock.set_back(DAY)
    assert two.claim(ACCOUNT, **EVERY)
    assert not one.claim(ACCOUNT, **EVERY)

    two.put(ACCOUNT, reading(desk))
    desk.clock.set_back(DAY)
    assert one.claim(ACCOUNT, **EVERY)
    one.failed(ACCOUNT, "http", 5 * HOUR)
    desk.clock.set_back(DAY)
    assert two.claim(ACCOUNT, **EVERY)


def test_a_clock_that_is_put_right_by_a_little_lets_no_second_one_ask(desk):
    """A claim some seconds in the future is one."""
    one, two = readings(desk), readings(desk)
    assert one.claim(ACCOUNT, **EVERY)
    desk.clock.set_back(5)
    assert not two.claim(ACCOUNT, **EVERY)
    one.put(ACCOUNT, reading(desk))
    desk.clock.set_back(5)
    assert not two.claim(ACCOUNT, every_s=10, lease_s=30)
    desk.pass_s(15)
    assert two.claim(ACCOUNT, every_s=10, lease_s=30)


def pauses(desk, known, count, retry_after=None):
    """How long after each of so many failures nobody asks, in minutes."""
    found = []
    for _ in range(count):
        known.failed(ACCOUNT, "http", retry_after)
        began = desk.clock.now()
        while not known.claim(ACCOUNT, every_s=0, lease_s=30):
            desk.pass_s(60)
        found.append((desk.clock.now() - began) / 60)
    return found


def test_what_fails_is_asked_less_and_less_often(desk):
    """Five minutes to an hour, until it is answered; for all processes."""
    one, two = readings(desk), readings(desk)
    assert pauses(desk, one, 6) == [5, 10, 20, 40, 60, 60]
    assert two.trouble(ACCOUNT) == "http"
    two.failed(ACCOUNT, "auth")
    assert one.trouble(ACCOUNT) == "auth"
    assert one.trouble("other") is None

    two.put(ACCOUNT, reading(desk))
    assert one.trouble(ACCOUNT) is None
    desk.pass_s(30)  # the first one's claim is over
    assert one.claim(ACCOUNT, every_s=0, lease_s=30)
    assert pauses(desk, one, 2) == [5, 10]


@pytest.mark.parametrize(
    ("wait", "minutes"),
    [(20 * 60.0, 20), (60.0, 5), (0.0, 5), (-5.0, 5), (math.nan, 5), (math.inf, 360), (30 * DAY, 360)],
)
def test_the_service_says_how_long_to_wait(desk, wait, minutes):
    """Longer than we would, but not for days."""
    assert pauses(desk, readings(desk), 1, wait) == [minutes]


def test_of_many_threads_one_asks(desk):
    """Each with a database of its own, as processes have; time after time."""
    readings(desk).put("other", reading(desk))  # the file is there
    many = 4
    starting = Barrier(many)

    def claims() -> list[bool]:
        database = Database(desk.folder)
        known = Readings(database, desk.clock)
        try:
            won = []
            for turn in range(25):
                starting.wait()
                won.append(known.claim(f"{ACCOUNT}-{turn}", **EVERY))
            return won
        finally:
            database.close()

    with ThreadPoolExecutor(many) as pool:
        found = [future.result() for future in [pool.submit(claims) for _ in range(many)]]

    assert [sum(won) for won in zip(*found, strict=True)] == [1] * 25


async def test_of_many_processes_one_asks(start):
    """Each time anew, and also when the one that did is killed."""
    workers = [await start() for _ in range(3)]

    async def claim(lease_s) -> list[bool]:
        for worker in workers:
            worker.tell("claim", every_s=0, lease_s=lease_s)
        return [(await worker.answer())["won"] for worker in workers]

    for _ in range(15):
        won = await claim(30)
        assert sum(won) == 1
        await workers[won.index(True)].ask("told")
    won = await claim(0.5)
    dead = workers.pop(won.index(True))
    await dead.kill()
    assert await claim(30) == [False, False]
    await asyncio.sleep(0.5)
    assert sum(await claim(30)) == 1


async def test_of_processes_of_different_versions_one_asks(start):
    """A newer one has columns of its own in the table."""
    workers = [await start(), await start("newer"), await start()]
    for _ in range(5):
        for worker in workers:
            worker.tell("claim", every_s=0, lease_s=30)
        won = [(await worker.answer())["won"] for worker in workers]
        assert sum(won) == 1
        await workers[won.index(True)].ask("told")


# -- versions, damage ------------------------------------------------------------------------------------------------


def test_an_older_version_goes_on_beside_this_one(desk, monkeypatch):
    """It does not know these tables; its file is brought up to ours under it, and it may start again later."""
    known = reading(desk)

    def work() -> None:
        one = readings(desk)
        assert one.claim(ACCOUNT, **EVERY)
        one.put(ACCOUNT, known)
        assert Notices(desk.database(), desk.clock).first(ACCOUNT, "5h", 1.0, 80)

    desk.beside_an_older_version(monkeypatch, 3, work)

    assert readings(desk).latest(ACCOUNT) == known


def test_this_version_goes_on_beside_a_newer_one(desk):
    """With the columns, the windows and the fields that it knows."""
    one = readings(desk)
    assert one.claim(ACCOUNT, **EVERY)
    one.put(ACCOUNT, reading(desk), bearer=True)
    desk.update("ALTER TABLE reading ADD COLUMN source TEXT NOT NULL DEFAULT 'service'")
    desk.change("ALTER TABLE question ADD COLUMN manner TEXT NOT NULL DEFAULT 'polite'")
    (told,) = desk.rows("SELECT told FROM reading")[0]
    newer = json.loads(told) | {"colour": "red"}
    newer["windows"][0]["mood"] = {"calm": True}
    newer["windows"] += [
        newer["windows"][0] | {"name": "day"},
        newer["windows"][0] | {"unit": "smiles"},
    ]
    now = desk.clock.now() + 1
    desk.change(f"INSERT INTO reading (account, at, told) VALUES ('{ACCOUNT}', {now}, '{json.dumps(newer)}')")

    assert one.latest(ACCOUNT) == reading(desk, at=now)
    one.failed(ACCOUNT, "of tomorrow")
    assert readings(desk).trouble(ACCOUNT) == "of tomorrow"
    desk.pass_s(HOUR)
    assert readings(desk).claim(ACCOUNT, **EVERY)
    one.put(ACCOUNT, reading(desk))
    assert len(one.history(ACCOUNT, 0)) == 3


@pytest.mark.parametrize(
    "told",
    ["", "nonsense", "[]", "null", "[" * 100_000],
    ids=["empty", "no JSON", "a list", "null", "deep"],
)
def test_what_is_no_reading_is_passed_over(desk, told):
    """Of the history; the newest is then unknown."""
    known = readings(desk)
    known.put(ACCOUNT, reading(desk))
    known._db.transaction(
        lambda c: c.execute("INSERT INTO reading (account, at, told) VALUES (?, 1, ?)", (ACCOUNT, told))
    )

    assert known.latest(ACCOUNT) is None
    assert len(known.history(ACCOUNT, 0)) == 1


@pytest.mark.parametrize("odd", [True, "17", [1], {"a": 1}, 10**400, float("nan"), float("inf")])
def test_what_is_no_number_is_unknown(desk, odd):
    """Never 0, and never an error."""
    known = readings(desk)
    names = ("used_percent", "resets_at", "limit", "used", "read_at", "others")
    told = json.dumps(
        {
            "level": odd,
            "balance": odd,
            "windows": [{"name": "5h", "unit": "credits", **dict.fromkeys(names, odd)}],
        }
    )
    known._db.transaction(
        lambda c: c.execute("INSERT INTO reading (account, at, told) VALUES (?, 1, ?)", (ACCOUNT, told))
    )

    level = odd if isinstance(odd, str) else ""
    assert known.latest(ACCOUNT) == Reading(1.0, (Window("5h", None, None, "reported"),), level)


@pytest.mark.parametrize("table", ["reading", "question", "notice"])
def test_a_damaged_table_is_found_out(desk, table):
    """And the file set aside, as for any other table."""
    readings(desk).put(ACCOUNT, reading(desk))
    desk.databases[-1].close()
    desk.change(f"DROP TABLE {table}")
    desk.pass_s(HOUR)
    known = readings(desk)
    notices = Notices(desk.databases[-1], desk.clock)
    assert notices.first(ACCOUNT, "5h", 1.0, 80)
    assert known.claim(ACCOUNT, **EVERY)
    known.put(ACCOUNT, reading(desk))

    assert known.latest(ACCOUNT) == reading(desk)
    assert list(desk.folder.glob("state.db.corrupt-*"))


def test_a_folder_that_cannot_be_used_costs_only_the_readings(tmp_path, caplog):
    """Nothing is known, and nobody asks: else all processes would."""
    (tmp_path / "state").write_text("")
    desk = Desk(tmp_path / "state")
    known = readings(desk)
    known.put(ACCOUNT, reading(desk))
    known.failed(ACCOUNT, "http")

    assert not known.claim(ACCOUNT, **EVERY)
    assert (known.latest(ACCOUNT), known.history(ACCOUNT, 0)) == (None, ())
    assert (known.bearer(ACCOUNT), known.trouble(ACCOUNT)) == (None, None)
    assert {record.message.split()[0] for record in caplog.records} == {
        "reading.not_noted",
        "reading.not_read",
    }


def test_a_locked_database_costs_only_the_note(desk, caplog):
    """Somebody else writes for long: no error, nobody asks, and what was known can be read."""
    known = readings(desk)
    known.put(ACCOUNT, reading(desk))
    other = sqlite3.connect(desk.folder / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert not known.claim(ACCOUNT, every_s=0, lease_s=30)
        known.put(ACCOUNT, reading(desk, 99.0))
        assert known.latest(ACCOUNT) == reading(desk)
    finally:
        other.close()

    assert known.claim(ACCOUNT, every_s=0, lease_s=30)
    assert {record.message.split()[0] for record in caplog.records} == {"reading.not_noted"}


def test_the_newest_is_found_by_its_index(desk):
    """It is looked for each time that a status is shown."""
    known = readings(desk)
    known.put(ACCOUNT, reading(desk))
    (plan,) = desk.rows(
        "EXPLAIN QUERY PLAN SELECT at, told FROM reading WHERE account = 'a' ORDER BY id DESC LIMIT 1"
    )

    assert "USING INDEX reading_of" in plan[-1]
