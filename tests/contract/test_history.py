"""The ledger's sums over any time are what its requests come to: while they are open, settled, refused, and long gone."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.desks import ACCOUNT, Desk
from tests.histories import ListHistory, Sent
from zai_ls.core.quota import Amount
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.state import hours
from zai_ls.state.ledger import Reservation, settle_orphans

HOUR = 3600.0
DAY = 24 * HOUR
LANES = (Lane.ACTION, Lane.TYPING)


def reserve(
    desk, ledger, amount: float, lane: Lane = Lane.ACTION, *, model="glm-5", account=ACCOUNT, prompts=1.0
) -> int:
    entry = Reservation(
        account, lane, model, RESERVED, credits=amount, money=amount / 10, prompts=prompts, editor="nvim"
    )
    number = ledger.reserve(entry, lambda view: Go())
    assert isinstance(number, int)
    return number


RESERVED = Usage(10, 0, 5)
"""What `reserve` expects."""


class Book:
    """What happens to one process's requests, in the ledger and beside it as a plain list."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ledger = desk.ledger()
        self._sent: dict[int, tuple[float, Lane, float]] = {}
        self._now: dict[int, Sent] = {}
        """As they count now, by number; refused ones do not."""
        self._ours: list[int] = []
        """Those that we have not settled ourselves."""

    @property
    def plain(self) -> ListHistory:
        return ListHistory(list(self._now.values()))

    def _opened(self, number: int) -> Sent:
        at, lane, amount = self._sent[number]
        return Sent(at, Amount(1, amount, 1.0, 15, amount / 10), inf, lane)

    def send(self, amount: float, lane: Lane) -> None:
        number = reserve(self.desk, self.ledger, amount, lane)
        self._sent[number] = self.desk.clock.now(), lane, amount
        self._now[number] = self._opened(number)
        self._ours.append(number)

    def send_of_another_account(self, amount: float) -> None:
        reserve(self.desk, self.ledger, amount, account="somebody else")

    def end(self, which: int, how: str) -> None:
        """Also of what others took for an orphan meanwhile."""
        number = self._ours.pop(which % len(self._ours)) if self._ours else None
        if number is None:
            return
        at, lane, amount = self._sent[number]
        self.ledger.settle(
            number, Usage(20, 0, 7), how, served_model="glm-5.1", credits=amount + 1, money=0.5, prompts=2.0
        )
        if how == "refused":
            self._now.pop(number, None)
        else:
            self._now[number] = Sent(at, Amount(1, amount + 1, 2.0, 27, 0.5), self.desk.clock.now(), lane)

    def taken_for_dead(self) -> None:
        """What is open is settled as a dead process's: the prompt, and of the cost as much as that is of the tokens."""
        now, proc = self.desk.clock.now(), self.desk.databases[0].process_id
        self.desk.databases[0].transaction(lambda connection: settle_orphans(connection, proc, now))
        for number, one in self._now.items():
            if one.ended_at == inf:
                _, lane, amount = self._sent[number]
                share = 10 / 15
                took = Amount(1, amount * share, 1.0, 10, amount / 10 * share)
                self._now[number] = Sent(one.at, took, now, lane)

    def lose_the_database(self) -> None:
        """What is not settled by ourselves is put back as it was reserved; all else is lost."""
        for ending in ("", "-wal", "-shm"):
            (self.desk.folder / f"state.db{ending}").unlink(missing_ok=True)
        self._now = {number: self._opened(number) for number in self._ours}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(1, 3 * HOUR)),
        st.tuples(st.just("send"), st.floats(0.1, 9), st.sampled_from(LANES)),
        st.tuples(st.just("send"), st.floats(0.1, 9), st.sampled_from(LANES)),
        st.tuples(st.just("end"), st.integers(0, 9), st.sampled_from(["complete", "aborted", "refused", "cut"])),
        st.tuples(st.just("other"), st.floats(0.1, 9)),
        st.tuples(st.sampled_from(["orphan", "lose", "tidy"])),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(STEPS, st.lists(st.floats(-2, 30), min_size=2, max_size=4))
def test_it_agrees_with_a_plain_list(steps, asked):
    """Whatever was sent, refused, cut off, taken for dead, lost or is under way, and at whatever instants one asks."""
    with tempfile.TemporaryDirectory() as name:
        desk = Desk(Path(name) / "state")
        book, began = Book(desk), desk.clock.now()
        for step in steps:
            match step:
                case ("pass", seconds):
                    desk.pass_s(seconds)
                case ("send", amount, lane):
                    book.send(amount, lane)
                case ("end", which, how):
                    book.end(which, how)
                case ("other", amount):
                    book.send_of_another_account(amount)
                case ("orphan",):
                    book.taken_for_dead()
                case ("lose",):
                    book.lose_the_database()
                case ("tidy",):
                    book.ledger.tidy()
        plain, found = book.plain, book.ledger.history(ACCOUNT)

        times = sorted(
            [began, *(one.at for one in plain.all[:2]), *(began + hours_ * HOUR for hours_ in asked)]
        )
        for since in times:
            assert found.first_from(since) == plain.first_from(since)
            lately = ListHistory(
                [one for one in plain.all if one.at >= since - 2 * HOUR]
            )  # none takes longer
            assert close(found.unsettled_at(since), lately.unsettled_at(since))
            for until in (*times, inf):
                assert close(found.between(since, until), plain.between(since, until))
                assert close(found.between(since, until, LANES[1]), plain.between(since, until, LANES[1]))
        assert found.last() == plain.last()
        assert book.ledger.spent(ACCOUNT, times[0]).credits == pytest.approx(
            plain.between(times[0], inf).credits
        )
        desk.close()


def test_what_was_refused_opens_no_window(desk):
    """Also where sums by the hour, from which it was taken away, miss 0 by a little."""
    ledger = desk.ledger()
    desk.pass_s(-desk.clock.now() % HOUR)
    one, other, third = (reserve(desk, ledger, amount) for amount in (0.1, 0.2, 0.7))
    ledger.settle(third, Usage(), "refused")
    for number in (one, other):
        ledger.settle(number, None, "refused")
    free = reserve(desk, ledger, 0.0, prompts=0.0)
    ledger.settle(free, Usage(10, 0, 5), "complete", credits=0.0, money=0.0, prompts=0.0)
    start = desk.clock.now()
    desk.pass_s(2 * HOUR)
    assert desk.rows("SELECT requests, credits > 0 FROM hour") == [(1, 1)], "they miss it"
    assert (ledger.history(ACCOUNT).first_from(start), ledger.history(ACCOUNT).last()) == (None, None)
    reserve(desk, ledger, 1.0)
    assert ledger.history(ACCOUNT).first_from(start) == desk.clock.now()


def test_sums_read_indexes_alone(desk):
    """The broken hours at the ends of a time are not looked for row by row; nor are refusals."""
    ledger = desk.ledger()
    reserve(desk, ledger, 1.0)
    asked: list[str] = []
    desk.databases[0].read(lambda connection: connection.set_trace_callback(asked.append))
    now = desk.clock.now()
    history = ledger.history(ACCOUNT)
    history.between(now - 5000, now + 5000)
    history.between(now - 5000, now + 5000, Lane.TYPING)
    history.unsettled_at(now)
    history.first_from(now)
    history.last()
    ledger.spent(ACCOUNT, now - 5000)
    ledger.refusals(ACCOUNT, 5)
    desk.databases[0].read(lambda connection: connection.set_trace_callback(None))
    selects = [text.replace("Inf", "9e999") for text in asked if text.lstrip().startswith("SELECT")]
    assert len(selects) >= 9
    plans = desk.databases[0].read(
        lambda c: [row[-1] for text in selects for row in c.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()]
    )
    of_requests = [plan for plan in plans if " request " in f"{plan} "]
    assert len(of_requests) >= 9
    for plan in of_requests:
        assert "COVERING INDEX request_" in plan or "INDEX request_refused" in plan
    assert not [plan for plan in plans if plan.startswith("SCAN request") or "SCAN hour" in plan]


def close(one: Amount, other: Amount) -> bool:
    return all(getattr(one, f) == pytest.approx(getattr(other, f)) for f in ("calls", "credits", "prompts", "tokens", "money"))  # fmt: skip


def test_what_is_old_is_let_go_and_its_sums_stay(desk):
    """Rows go after ten days, some at a time; every sum over whole hours is as before."""
    ledger = desk.ledger()
    began = desk.clock.now()
    for at in range(30):
        ledger.settle(
            reserve(desk, ledger, 2.0), Usage(10, 0, 5), "complete", credits=2.0 + at, money=0.1, prompts=1.0
        )
        desk.pass_s(DAY)
    open_ = reserve(desk, ledger, 1.0)

    def sums():
        history = ledger.history(ACCOUNT)
        start = began // HOUR * HOUR
        return (
            [history.between(start + n * DAY, start + (n + 3) * DAY) for n in range(30)],
            ledger.spent(ACCOUNT, 0),
            ledger.stats(ACCOUNT, 0),
            sum(bucket.totals.credits for bucket in ledger.usage(ACCOUNT, start, start + 40 * DAY, DAY)),
            history.last(),
        )

    before = sums()
    assert ledger.tidy() == 20
    assert ledger.tidy() == 0
    assert desk.rows("SELECT count(*) FROM request") == [(11,)]
    assert sums() == before
    assert ledger.history(ACCOUNT).first_from(0) == began // HOUR * HOUR
    assert ledger.history(ACCOUNT).first_from(began + 9.5 * DAY) == pytest.approx(began + 10 * DAY, abs=HOUR)
    ledger.settle(open_, Usage(10, 0, 5), "complete")


def test_a_request_that_is_open_is_never_let_go(desk):
    """It may be settled yet."""
    ledger = desk.ledger()
    reserve(desk, ledger, 2.0)
    desk.pass_s(100 * DAY)
    assert ledger.tidy() == 0
    assert ledger.spent(ACCOUNT, 0).open == 1


def test_what_an_earlier_version_wrote_is_in_the_sums(desk, monkeypatch):
    """From the hour in which the file is brought up to ours."""
    desk.beside_an_older_version(monkeypatch, 3, lambda: desk.ledger().spent(ACCOUNT, 0))
    assert desk.ledger().history(ACCOUNT).between(0, inf) == Amount(3, 7.5, 0.0, 45, 0.0)


def test_hours_long_ago_are_put_together_to_days(desk):
    """One day at a time; whole days add up as before, of each account."""
    ledger = desk.ledger()
    desk.pass_s(-desk.clock.now() % DAY)
    began = desk.clock.now()
    for at in range(4 * 24):
        for account in (ACCOUNT, "other") if at % 3 else (ACCOUNT,):
            number = reserve(desk, ledger, 0.1, LANES[at % 2], account=account)
            desk.pass_s(2)
            ledger.settle(number, Usage(10, 0, 5), "complete", credits=float(at), money=0.1, prompts=1.0)
        desk.pass_s(HOUR - 4)
    still_open = reserve(desk, ledger, 3.0)

    def sums():
        return [
            (
                [
                    rounded(ledger.history(who).between(began + n * DAY, began + (n + 1) * DAY))
                    for n in range(4)
                ],
                rounded(ledger.history(who).between(began, inf, Lane.TYPING)),
                {(row.lane, row.model): rounded(row) for row in ledger.stats(who, began)},
                rounded(ledger.spent(who, 0)),
            )
            for who in (ACCOUNT, "other")
        ]

    def rounded(value):
        return re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.6f}", repr(value))

    spent = ledger.spent(ACCOUNT, 0).credits
    before, kept = sums(), desk.rows("SELECT count(*) FROM hour")[0][0]
    desk.pass_s(hours.HOURS_KEPT_S - 2 * DAY + HOUR)
    assert ledger.tidy() > 0
    for _ in range(9):
        ledger.tidy()
    assert sums() == before
    after = desk.rows("SELECT count(*) FROM hour WHERE at % 86400 != 0")[0][0]
    assert kept // 3 < after < kept * 0.6, "of two days of four"
    desk.pass_s(10 * DAY)
    for _ in range(9):
        ledger.tidy()
    assert sums() == before
    assert desk.rows(f"SELECT count(*) FROM hour WHERE at >= {began} AND open = 0") == [(4 * (2 + 2),)]
    ledger.settle(still_open, Usage(10, 0, 5), "complete", credits=2.0)
    assert ledger.spent(ACCOUNT, 0).credits == pytest.approx(spent - 1)


def test_the_file_shrinks_when_much_has_gone(desk):
    """Some room at a time, and not the last of it."""
    ledger = desk.ledger()
    fill(desk, 30_000)
    assert desk.rows("PRAGMA auto_vacuum") == [(2,)]
    desk.close()
    size = (desk.folder / "state.db").stat().st_size
    desk.pass_s(20 * DAY)
    steps = 0
    while ledger.tidy():
        steps += 1
    assert steps == 60
    for _ in range(40):
        ledger.tidy()
    desk.close()
    assert (desk.folder / "state.db").stat().st_size < size * 0.6
    assert ledger.spent(ACCOUNT, 0).requests == 30_000


def test_a_file_of_an_earlier_version_shrinks_too(desk):
    """It was begun without the means to; it gets them when little is left in it."""
    desk.folder.mkdir(mode=0o700)
    desk.change("CREATE TABLE meta (name TEXT PRIMARY KEY, value REAL NOT NULL)")
    ledger = desk.ledger()
    fill(desk, 30_000)
    assert desk.rows("PRAGMA auto_vacuum") == [(0,)]
    desk.pass_s(20 * DAY)
    while ledger.tidy():
        pass
    ledger.tidy()
    desk.close()
    assert desk.rows("PRAGMA auto_vacuum") == [(2,)]
    assert (desk.folder / "state.db").stat().st_size < 2 * 2**20
    assert ledger.spent(ACCOUNT, 0).requests == 30_000


def test_the_log_beside_the_file_does_not_stay_large(desk):
    """While processes have the file open, it would."""
    ledger = desk.ledger()
    reserve(desk, ledger, 1.0)
    work = (
        "INSERT INTO meta (name, value) SELECT hex(randomblob(2000)), 0 FROM (SELECT id FROM proc UNION {})"
    )
    many = " UNION ".join(f"SELECT {n}" for n in range(400))
    for _ in range(2):
        for _ in range(2):
            desk.databases[0].transaction(
                lambda connection: [connection.execute(work.format(many)) for _ in range(4)]
            )
        reserve(desk, ledger, 1.0)
    assert (desk.folder / "state.db-wal").stat().st_size <= 4 * 2**20 + 100


def test_a_file_in_use_is_tidied_another_time(desk, caplog):
    """Nothing is raised."""
    ledger = desk.ledger()
    reserve(desk, ledger, 1.0)
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ledger.tidy() == 0
    assert [record.message.split()[0] for record in caplog.records] == ["ledger.not_tidied"]


def fill(desk, count: int) -> None:
    """So many requests within an hour, settled."""
    now = desk.clock.now()
    desk.ledger().spent(ACCOUNT, 0)
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db")) as database:
        database.executemany(
            """INSERT INTO request (id, account, proc, lane, model, state, started_at, ended_at, code)
               VALUES (?, ?, 'p', 'typing', 'glm-5', 'complete', ?, ?, ?)""",
            (
                ((int(now * 1000) << 20) + n, ACCOUNT, now + n / 100, now + n / 100 + 1, "x" * 100)
                for n in range(count)
            ),
        )
        database.commit()


@pytest.mark.parametrize(("length", "step"), [(5 * HOUR, 300.0), (24 * HOUR, 1800.0), (7 * DAY, 6 * HOUR)])
def test_usage_in_steps_adds_up(desk, length, step):
    """By lane, model and editor; from the requests themselves or from the hours."""
    ledger = desk.ledger()
    for at in range(40):
        lane = LANES[at % 2]
        ledger.settle(
            reserve(desk, ledger, 1.0, lane, model=f"m{at % 3}"), Usage(10, 0, 5), "complete", credits=1.0
        )
        desk.pass_s(length / 50)
    now = desk.clock.now()
    found = ledger.usage(ACCOUNT, now - length, now, step)

    assert sum(bucket.totals.credits for bucket in found) == pytest.approx(40)
    assert {bucket.lane for bucket in found} == {"action", "typing"}
    assert {bucket.model for bucket in found} == {"m0", "m1", "m2"}
    assert {bucket.editor for bucket in found} == {"nvim"}
    assert [bucket.at for bucket in found] == sorted(bucket.at for bucket in found)
    assert all((bucket.at - (now - length)) % step == pytest.approx(0, abs=1e-3) for bucket in found)


@pytest.mark.parametrize("back", [0, 2 * DAY])
@pytest.mark.parametrize(("length", "step"), [(DAY, DAY), (DAY, HOUR), (7 * DAY, 7 * DAY)])
def test_usage_ends_where_it_is_asked_to(desk, length, step, back):
    """Exactly, when there is one step; what lies behind the clock counts only where the time goes up to now."""
    ledger, plain = desk.ledger(), []
    for at in range(60):
        ledger.settle(reserve(desk, ledger, 1.0), Usage(10, 0, 5), "complete", credits=float(at))
        plain.append((desk.clock.now(), at))
        desk.pass_s(4.1 * HOUR)
    ahead = plain[-1][0] + 10 if back == 0 else inf
    desk.clock.set_back(5 * HOUR if back == 0 else 0)
    until = desk.clock.now() - back
    since = until - length
    end = inf if back == 0 else until
    found = ledger.usage(ACCOUNT, since, until, step)
    assert sum(b.totals.credits for b in found) == sum(a for at, a in plain if since <= at < min(end, ahead))
    assert all(since <= bucket.at < until for bucket in found)


def test_the_latest_refusals_come_with_their_codes(desk):
    """The newest first."""
    ledger = desk.ledger()
    for code in ("1302", "1305", "1308"):
        ledger.settle(reserve(desk, ledger, 1.0), None, "refused", error_code=code)
        desk.pass_s(1)
    assert [entry.code for entry in ledger.refusals(ACCOUNT, 2)] == ["1308", "1305"]


@pytest.mark.parametrize(
    ("since", "until", "whole", "ends"),
    [
        (0.0, inf, (0.0, inf), ()),
        (10.0, inf, (3600.0, inf), ((10.0, 3600.0),)),
        (10.0, 7300.0, (3600.0, 7200.0), ((10.0, 3600.0), (7200.0, 7300.0))),
        (10.0, 3700.0, None, ((10.0, 3700.0),)),
        (3600.0, 7200.0, (3600.0, 7200.0), ()),
        (20.0, 10.0, None, ((20.0, 10.0),)),
    ],
)
def test_a_time_is_whole_hours_and_what_is_left(since, until, whole, ends):
    """Each instant once."""
    assert hours.parts(since, until) == (whole, ends)
