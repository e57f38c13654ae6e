"""A person is told once, over all processes."""

from __future__ import annotations

import sqlite3

from tests.contract.desks import ACCOUNT, Desk
from zai_ls.state.notices import Notices

DAY = 86_400.0


def notices(desk) -> Notices:
    """Those of one more process."""
    return Notices(desk.database(), desk.clock)


def test_the_first_one_tells(desk):
    """Each threshold of each window of each account, and anew when the window has refilled."""
    one, two = notices(desk), notices(desk)
    resets = desk.clock.now() + 3600

    assert one.first(ACCOUNT, "5h", resets, 80)
    assert not one.first(ACCOUNT, "5h", resets, 80)
    assert not two.first(ACCOUNT, "5h", resets, 80.0)
    assert two.first(ACCOUNT, "5h", resets, 95)
    assert two.first(ACCOUNT, "week", resets, 80)
    assert two.first("other", "5h", resets, 80)
    assert two.first(ACCOUNT, "5h", resets + 5 * 3600, 80)
    assert not one.first(ACCOUNT, "5h", resets, 95)


def test_reset_times_are_told_with_some_noise(desk):
    """Less than a minute apart they are one, on either side of a full or half minute too."""
    one = notices(desk)
    for base in (1_000_000.0 * 60, 2_000_000.0 * 60 + 30, 3_000_000.0 * 60 + 17):
        assert one.first(ACCOUNT, "5h", base, 80)
        assert not one.first(ACCOUNT, "5h", base - 0.02, 80)
        assert not one.first(ACCOUNT, "5h", base + 20, 80)
        assert one.first(ACCOUNT, "5h", base + 60, 80)


def test_an_unknown_reset_time_is_one_of_its_own(desk):
    """It is told once, and again when the row is gone."""
    one = notices(desk)
    assert one.first(ACCOUNT, "5h", None, 80)
    assert not one.first(ACCOUNT, "5h", None, 80)
    assert one.first(ACCOUNT, "5h", desk.clock.now(), 80)
    desk.pass_s(41 * DAY)
    assert one.first(ACCOUNT, "5h", None, 80)


def test_what_is_old_goes(desk):
    """After forty days, whichever account it is of."""
    one = notices(desk)
    one.first("other", "5h", 1.0, 80)
    desk.pass_s(2 * DAY)
    one.first("other", "week", 1.0, 80)
    desk.pass_s(39 * DAY)
    one.first(ACCOUNT, "5h", 1.0, 80)

    assert desk.rows("SELECT account, period FROM notice ORDER BY told_at") == [
        ("other", "week"),
        (ACCOUNT, "5h"),
    ]


async def test_of_many_processes_one_tells(start):
    """However many editors are open."""
    workers = [await start() for _ in range(3)]
    for threshold in range(15):
        for worker in workers:
            worker.tell("notice", window="5h", resets_at=1e9, threshold=threshold)
        assert sum([(await worker.answer())["first"] for worker in workers]) == 1


def test_without_a_database_nobody_tells(tmp_path, caplog):
    """Rather none than one from each editor at each look."""
    (tmp_path / "state").write_text("")

    assert not notices(Desk(tmp_path / "state")).first(ACCOUNT, "5h", 1.0, 80)
    assert [record.message.split()[0] for record in caplog.records] == ["notice.not_noted"]


def test_a_locked_database_costs_only_the_moment(desk):
    """The next look tells."""
    one = notices(desk)
    one.first(ACCOUNT, "5h", 1.0, 80)
    other = sqlite3.connect(desk.folder / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not one.first(ACCOUNT, "5h", 1.0, 95)
    other.close()

    assert one.first(ACCOUNT, "5h", 1.0, 95)


def test_this_version_goes_on_beside_a_newer_one(desk):
    """With the columns it knows."""
    one = notices(desk)
    one.first(ACCOUNT, "5h", 1.0, 80)
    desk.update("ALTER TABLE notice ADD COLUMN loud INTEGER NOT NULL DEFAULT 0")

    assert one.first(ACCOUNT, "5h", 1.0, 95)
    assert not notices(desk).first(ACCOUNT, "5h", 1.0, 80)
