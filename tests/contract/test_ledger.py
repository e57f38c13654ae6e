"""The ledger: reserved before, settled after, and never less than what was sent."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.contract.desks import ACCOUNT
from zai_ls.core.throttle import Closure, Go, Refuse, Wait
from zai_ls.domain import Lane, Usage
from zai_ls.state import closures
from zai_ls.state.ledger import LastEnded, Reservation, settle_orphans


def entry(**fields) -> Reservation:
    fields = {
        "account": ACCOUNT,
        "lane": Lane.ACTION,
        "model": "glm-5.2",
        "expected": Usage(100, 0, 50),
        "credits": 3.0,
        "money": 0.3,
        **fields,
    }
    return Reservation(**fields)


def reserve(ledger, **fields) -> int:
    answer = ledger.reserve(entry(**fields), lambda view: Go())
    assert isinstance(answer, int)
    return answer


def test_an_open_reservation_counts_as_spent(desk):
    """From the instant it is made, in every process, at its expected cost."""
    one, two = desk.ledger(), desk.ledger()
    reserve(one)
    totals = two.spent(ACCOUNT, 0)
    assert (totals.requests, totals.open, totals.credits, totals.money) == (1, 1, 3.0, 0.3)
    assert (totals.prompt_tokens, totals.completion_tokens) == (100, 50)


@pytest.mark.parametrize("verdict", [Wait(5.0, "1302"), Refuse("1308", "spent", 9.0)])
def test_a_verdict_against_it_reserves_nothing(desk, verdict):
    """The throttle's second question is answered in the transaction, and nothing is left when it says no."""
    ledger = desk.ledger()
    assert ledger.reserve(entry(), lambda view: verdict) == verdict
    assert ledger.spent(ACCOUNT, 0).requests == 0


def test_the_throttle_sees_what_is_spent_and_closed(desk):
    """Its view has the account's closures and sums, those of other processes included, and no other account's."""
    one, two = desk.ledger(), desk.ledger()
    reserve(one)
    reserve(one, account="other")
    closed = Closure(desk.clock.now() + 9, "1305", model="glm-5.2")
    desk.databases[0].transaction(lambda c: closures.put(c, ACCOUNT, closed))
    seen = []
    two.reserve(
        entry(), lambda view: seen.append((view.account, view.closures, view.spent(0).credits)) or Go()
    )
    assert seen == [(ACCOUNT, (closed,), 3.0)]


@pytest.mark.parametrize(
    ("how", "usage", "given", "tokens", "cost", "estimated"),
    [
        ("complete", Usage(90, 40, 60, 10), {"credits": 2.5, "money": 0.2}, (90, 60), (2.5, 0.2), False),
        ("complete", Usage(75, 0, 0), {}, (75, 0), (1.5, 0.15), False),
        ("complete", None, {"received_tokens": 50}, (100, 50), (3.0, 0.3), True),
        ("aborted", None, {"received_tokens": 20}, (100, 20), (2.4, 0.24), True),
        ("cut", None, {"received_tokens": 0}, (100, 0), (2.0, 0.2), True),
        (
            "aborted",
            Usage(80, 0, 10, estimated=True),
            {"credits": 1.0, "money": 0.1},
            (80, 10),
            (1.0, 0.1),
            True,
        ),
        ("refused", None, {}, (0, 0), (0.0, 0.0), False),
        ("refused", Usage(5, 0, 5), {"credits": 9.0}, (0, 0), (0.0, 0.0), False),
    ],
)
def test_settling(desk, how, usage, given, tokens, cost, estimated):
    """Real usage where the service told it; else the prompt's estimate + what arrived, marked; refused ones cost nothing."""
    ledger = desk.ledger()
    number = reserve(ledger)
    ledger.settle(number, usage, how, served_model="glm-5.2-x", error_code="1302", **given)
    (found,) = ledger.recent(ACCOUNT, 9)
    assert (found.state, found.served_model, found.code) == (how, "glm-5.2-x", "1302")
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == tokens
    assert (found.credits, found.money) == pytest.approx(cost)
    assert found.usage.estimated == estimated
    totals = ledger.spent(ACCOUNT, 0)
    assert (totals.open, totals.requests) == (0, 0 if how == "refused" else 1)
    assert totals.credits == pytest.approx(cost[0])


def test_settling_happens_once(desk):
    """A second settlement changes nothing, and one of an unknown kind is a mistake of ours."""
    ledger = desk.ledger()
    number = reserve(ledger)
    ledger.settle(number, Usage(1, 0, 1), "complete", credits=1.0)
    ledger.settle(number, None, "refused")
    assert ledger.spent(ACCOUNT, 0).credits == 1.0
    with pytest.raises(ValueError, match="lost"):
        ledger.settle(number, None, "lost")


def test_a_requests_times(desk):
    """Sent and first byte are noted once, the end at settlement; what an orphan is settled with in between."""
    ledger = desk.ledger()
    number = reserve(ledger, waited_s=1.5, score=0.4, action="simplify", editor="helix")
    began = desk.clock.now()
    for mark in (ledger.sent, ledger.first_byte):
        desk.pass_s(1)
        mark(number)
    desk.pass_s(1)
    ledger.sent(number)
    ledger.settle(number, Usage(1, 0, 1), "complete")
    (found,) = ledger.recent(ACCOUNT, 1)
    times = (found.started_at, found.sent_at, found.first_byte_at, found.ended_at)
    assert times == (began, began + 1, began + 2, began + 3)
    assert (found.waited_s, found.score, found.action, found.editor) == (1.5, 0.4, "simplify", "helix")


def test_spent_since(desk):
    """Only what started in the window counts; the newest comes first in the list."""
    ledger = desk.ledger()
    first = reserve(ledger)
    desk.pass_s(100)
    second = reserve(ledger)
    assert ledger.spent(ACCOUNT, desk.clock.now() - 50).requests == 1
    assert ledger.spent(ACCOUNT, desk.clock.now() - 100).requests == 2
    assert [e.id for e in ledger.recent(ACCOUNT, 9)] == [second, first]
    assert [e.id for e in ledger.recent(ACCOUNT, 1)] == [second]


def test_orphans(desk):
    """What a dead process left open settles as the prompt's estimate + what it had noted; others' entries stay open."""
    dead, alive = desk.ledger(), desk.ledger()
    number = reserve(dead)
    dead.received(number, 30)
    other = reserve(alive)
    proc = desk.databases[0].process_id
    desk.databases[1].transaction(lambda c: settle_orphans(c, proc, desk.clock.now()))
    found = {e.id: e for e in alive.recent(ACCOUNT, 9)}
    assert (found[number].state, found[other].state) == ("orphaned", "open")
    assert found[number].usage == Usage(100, 0, 30, 0, estimated=True)
    assert found[number].credits == pytest.approx(3.0 * 130 / 150)


def test_who_ended_last(desk):
    """Another's, or an aborted one, tells that the service may still be busy; a refused one tells nothing."""
    one, two = desk.ledger(), desk.ledger()
    assert one.last_ended(ACCOUNT, before=0) is None
    theirs = reserve(two)
    two.settle(theirs, None, "complete")
    at = desk.clock.now()
    desk.pass_s(1)
    refused = reserve(one)
    one.settle(refused, None, "refused")
    mine = reserve(one)
    assert one.last_ended(ACCOUNT, before=mine) == LastEnded(at, foreign=True, aborted=False)
    desk.pass_s(1)
    one.settle(mine, None, "aborted")
    assert one.last_ended(ACCOUNT, before=0) == LastEnded(at + 2, foreign=False, aborted=True)
    assert one.last_ended(ACCOUNT, before=mine) == LastEnded(at, foreign=True, aborted=False)


def test_how_long_a_request_takes(desk):
    """The mean of the latest complete ones; those that broke off tell nothing."""
    ledger = desk.ledger()
    assert ledger.service_s(ACCOUNT) == 0.0
    for seconds, how in ((2, "complete"), (4, "complete"), (100, "aborted")):
        number = reserve(ledger)
        desk.pass_s(seconds)
        ledger.settle(number, None, how)
    assert ledger.service_s(ACCOUNT) == 3.0


def test_statistics(desk):
    """Sums by lane, action and model, the dearest first."""
    ledger = desk.ledger()
    for action, cost in (("fix", 1.0), ("explain", 5.0), ("fix", 1.0)):
        number = reserve(ledger, action=action)
        desk.pass_s(2)
        ledger.settle(number, Usage(1, 0, 1), "complete", credits=cost)
    rows = [
        (row.action, row.totals.requests, row.totals.credits, row.mean_s) for row in ledger.stats(ACCOUNT, 0)
    ]
    assert rows == [("explain", 1, 5.0, 2.0), ("fix", 2, 2.0, 2.0)]


def test_open_reservations_outlive_the_database(desk):
    """When the file is lost, what is in flight is put back, and settles under the same number."""
    ledger = desk.ledger()
    number = reserve(ledger)
    for ending in ("", "-wal", "-shm"):
        (desk.folder / f"state.db{ending}").unlink()
    assert ledger.spent(ACCOUNT, 0).open == 1
    ledger.settle(number, Usage(10, 0, 10), "complete", credits=1.0)
    assert ledger.spent(ACCOUNT, 0).credits == 1.0


def test_the_clock_is_set_back_in_flight(desk):
    """A request never ends before it began."""
    ledger = desk.ledger()
    number = reserve(ledger)
    desk.clock.set_back(500)
    ledger.settle(number, None, "complete")
    (found,) = ledger.recent(ACCOUNT, 1)
    assert found.ended_at == found.started_at


def lose_the_database(desk):
    for ending in ("", "-wal", "-shm"):
        (desk.folder / f"state.db{ending}").unlink()


def test_what_is_settled_stays_settled_when_the_database_is_lost(desk):
    """Only what is in flight is put back; an entry that was settled does not open again."""
    ledger = desk.ledger()
    ledger.settle(reserve(ledger), Usage(10, 0, 10), "complete")
    lose_the_database(desk)
    assert ledger.spent(ACCOUNT, 0).open == 0


@pytest.fixture
def locked(desk):
    """A ledger with one reservation, whose database another process then writes to without end."""
    ledger = desk.ledger()
    number = reserve(ledger)
    with contextlib.closing(sqlite3.connect(desk.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield ledger, number, other


def test_a_locked_database_costs_only_notes(locked):
    """Marks on the way are left out; a settlement is written with the next transaction, with its own time."""
    ledger, number, other = locked
    ledger.sent(number)
    ledger.first_byte(number)
    ledger.received(number, 7)
    ledger.settle(number, Usage(10, 0, 10), "complete", credits=1.0)
    assert ledger.spent(ACCOUNT, 0).open == 1
    other.execute("COMMIT")
    reserve(ledger)
    assert [entry.state for entry in ledger.recent(ACCOUNT, 9)].count("complete") == 1
    assert ledger.spent(ACCOUNT, 0).open == 1


def test_what_is_owed_is_settled_at_the_latest_at_the_end(locked):
    """A process that ends sends nothing more, and settles all the same."""
    ledger, number, other = locked
    ledger.settle(number, Usage(10, 0, 10), "complete", credits=1.0)
    other.execute("COMMIT")
    ledger.close()
    assert ledger.spent(ACCOUNT, 0).open == 0
    assert ledger.spent(ACCOUNT, 0).credits == 1.0


def test_what_is_owed_outlives_the_database(desk, locked):
    """Lost before the settlement was written: the entry is put back and settled."""
    ledger, number, other = locked
    ledger.settle(number, Usage(10, 0, 10), "complete", credits=1.0)
    other.close()
    lose_the_database(desk)
    ledger.close()
    totals = ledger.spent(ACCOUNT, 0)
    assert (totals.open, totals.credits) == (0, 1.0)


def test_who_was_taken_for_dead_settles_with_what_is_known(desk):
    """The orphan's estimate gives way to its owner's own word, once."""
    ledger, other = desk.ledger(), desk.ledger()
    number = reserve(ledger)
    proc = desk.databases[0].process_id
    desk.databases[1].transaction(lambda c: settle_orphans(c, proc, desk.clock.now()))
    other.settle(number, Usage(1, 0, 1), "complete", credits=7.0)
    assert ledger.recent(ACCOUNT, 1)[0].state == "orphaned"
    ledger.settle(number, Usage(10, 0, 10), "complete", credits=1.0)
    (found,) = ledger.recent(ACCOUNT, 9)
    assert (found.state, found.credits) == ("complete", 1.0)
