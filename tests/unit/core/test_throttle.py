"""Who may send now: closures, windows, and what is kept for whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.throttle import (
    BUDGET,
    PACED,
    PROFILES,
    RESERVE,
    Closure,
    Go,
    Quota,
    Refuse,
    Use,
    Wait,
    decide,
    recovered,
    slower,
    stretch,
)
from zai_ls.domain import Expense, Lane, Usage, Window

NOW = 1_795_000_000.0
HOUR = 3600.0
A, I, T, G = Lane.ACTION, Lane.INVOKED, Lane.TYPING, Lane.AGENT  # noqa: E741 - the lanes' letters


def window(used, *, name="5h", hours=2.0, limit=None, unit="credits", source="reported"):
    """So many per cent used; refills in so many hours."""
    resets_at = None if hours is None else NOW + hours * HOUR
    absolute = None if limit is None or used is None else limit * used / 100
    return Window(name, used, resets_at, source, limit, absolute, unit)


def quota(*windows, **known):
    return Quota(windows, **known)


def until(verdict):
    return None if isinstance(verdict, Go) else getattr(verdict, "until", None)


EAGER, SAVER = PROFILES["eager"], PROFILES["saver"]
SHORT = quota(window(85), typed={"5h": 0.2})
"""Paced: 5 % less the reserve for two hours are 0.42 in ten minutes, of which 0.2 are used."""

RULES = {
    # name: (lane, quota) -> kind, code
    "nothing known": (T, quota(), Go, ""),
    "unknown is not full": (T, quota(window(None)), Go, ""),
    "plenty": (T, quota(window(20)), Go, ""),
    "well used, nothing typed lately": (T, quota(window(85)), Go, ""),
    "well used, within the share": (T, SHORT, Go, ""),
    "well used, above the share": (T, replace(SHORT, typed={"5h": 3.0}), Refuse, PACED),
    "just above the share": (T, replace(SHORT, typed={"5h": 5 / 12 + 0.001}), Wait, PACED),
    "well used, above the share, asked for": (I, replace(SHORT, typed={"5h": 3.0}), Go, ""),
    "less used, the pace is slow": (T, quota(window(70), typed={"5h": 9.0}), Go, ""),
    "less used, it will run out": (T, quota(window(70), typed={"5h": 9.0}, runs_out=frozenset({"5h"})), Refuse, PACED),
    "little used, it will run out": (T, quota(window(50), typed={"5h": 9.0}, runs_out=frozenset({"5h"})), Go, ""),
    "less used, peak": (T, quota(window(72), typed={"5h": 9.0}, is_peak=True), Refuse, PACED),
    "the reserve": (T, quota(window(90)), Refuse, RESERVE),
    "nearly the reserve": (T, quota(window(89.9)), Go, ""),
    "the reserve of any window": (T, quota(window(10), window(95, name="week", hours=90)), Refuse, RESERVE),
    "the reserve before the pace": (T, quota(window(85, name="week"), window(92), typed={"week": 9.0}), Refuse, RESERVE),
    "tool calls are another matter": (T, quota(window(100, name="month", unit="calls")), Go, ""),
    "an estimate counts for typing": (T, quota(window(95, source="estimated")), Refuse, RESERVE),
    "eager": (T, quota(window(90), bounds=EAGER), Go, ""),
    "eager too has an end": (T, quota(window(95), bounds=EAGER), Refuse, RESERVE),
    "saver": (T, quota(window(75), bounds=SAVER), Refuse, RESERVE),
    "saver paces early": (T, quota(window(55), typed={"5h": 9.0}, bounds=SAVER), Refuse, PACED),
    "an action in the reserve": (A, quota(window(95)), Go, ""),
    "an action at the end": (A, quota(window(100)), Go, ""),
    "a completion asked for at the end": (I, quota(window(100, source="estimated")), Go, ""),
    "another tool in the reserve": (G, quota(window(95)), Go, ""),
    "the budget is used up, typing": (T, quota(window(100, name="budget", unit="money")), Refuse, BUDGET),
    "the budget is used up, action": (A, quota(window(100, name="budget", unit="money")), Refuse, BUDGET),
    "the budget is nearly used up, action": (A, quota(window(99, name="budget", unit="money")), Go, ""),
    "the budget's reserve": (T, quota(window(95, name="budget", unit="money")), Refuse, RESERVE),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_the_rules(name):
    """Lane and windows to a verdict; whoever is refused learns until when, and why in words."""
    lane, known, kind, code = RULES[name]
    verdict = decide(lane, "glm-5", [], NOW, known)
    assert isinstance(verdict, kind)
    assert getattr(verdict, "code", "") == code
    if code:
        assert verdict.reason
        assert NOW < verdict.until


def test_off_means_until_the_window_refills():
    """Or for the length of one where nobody says when."""
    assert until(decide(T, "m", [], NOW, quota(window(95)))) == NOW + 2 * HOUR
    assert until(decide(T, "m", [], NOW, quota(window(95, hours=None)))) == NOW + 5 * HOUR


def test_pacing_ends_when_the_share_suffices_again():
    """0.42 % in ten minutes: 0.1 too much is made good after 2.4 minutes."""
    verdict = decide(T, "m", [], NOW, quota(window(85), typed={"5h": 5 / 12 + 0.1}))
    assert until(verdict) == pytest.approx(NOW + 144)


@pytest.mark.parametrize(("used", "kind"), [(90.0, Refuse), (88.0, Refuse), (87.6, Refuse), (87.4, Go)])
def test_what_was_off_goes_on_only_when_there_is_clearly_more(used, kind):
    """A quarter more than the reserve: whoever hovers about it would see it flicker."""
    closed = [Closure(NOW + HOUR, RESERVE, lane="typing")]
    assert isinstance(decide(T, "m", closed, NOW, quota(window(used))), kind)
    assert isinstance(decide(A, "m", closed, NOW, quota(window(used))), Go)


def test_a_reserve_that_others_keep_holds_without_numbers_of_ones_own():
    """A process that cannot read the windows obeys the one that could."""
    closed = [Closure(NOW + HOUR, RESERVE, lane="typing")]
    assert isinstance(decide(T, "m", closed, NOW), Refuse)


CLOSURES = {
    # name: (closure, lane) -> kind
    "short, action": (Closure(NOW + 30, "1302"), A, Wait),
    "long, action": (Closure(NOW + 61, "1308"), A, Refuse),
    "short, typing": (Closure(NOW + 3, "1302"), T, Wait),
    "long, typing": (Closure(NOW + 4, "1302"), T, Refuse),
    "over": (Closure(NOW, "1308"), T, Go),
    "another model": (Closure(NOW + 90, "1305", model="glm-4.7"), A, Go),
    "this model": (Closure(NOW + 90, "1305", model="glm-5"), A, Refuse),
    "another lane": (Closure(NOW + 90, "1113", lane="typing"), A, Go),
    "paused, even for a moment": (Closure(NOW + 1, "paused"), A, Refuse),
}


@pytest.mark.parametrize("name", CLOSURES)
def test_what_is_closed_stays_closed_whatever_is_left(name):
    """The service's word comes first."""
    closure, lane, kind = CLOSURES[name]
    assert isinstance(decide(lane, "glm-5", [closure], NOW, quota(window(0))), kind)


# -- room ---------------------------------------------------------------------------------------------------------


def cost(amount):
    return Expense(Usage(), amount, 1.0)


COSTS = {"glm-5": cost(30.0), "glm-4.7": cost(15.0), "glm-4.5-air": cost(5.0)}

ROOM = {
    # name: (windows, costs) -> verdict
    "room for it": ([window(0, limit=100)], COSTS, Go()),
    "room for the next": ([window(80, limit=100)], COSTS, "glm-4.7"),
    "room for the last": ([window(90, limit=100)], COSTS, "glm-4.5-air"),
    "room for none": ([window(96, limit=100)], COSTS, Go()),
    "none left: the service says so": ([window(100, limit=100)], COSTS, Go()),
    "the other window": ([window(0, limit=100), window(98, limit=300, name="week")], COSTS, "glm-4.5-air"),
    "no other may stand in": ([window(80, limit=100)], {"glm-5": cost(30.0)}, Go()),
    "only the percentage is known": ([window(99)], COSTS, Go()),
    "costs are not known": ([window(99, limit=100)], {}, Go()),
}


@pytest.mark.parametrize(
    ("left", "costs", "lane", "kind"),
    [
        (0.5, {"glm-5": 0.4}, A, Go),
        (0.5, {"glm-5": 0.6}, A, Refuse),
        (0.5, {"glm-5": 0.6, "glm-4.7": 0.3}, A, Use),
        (0.5, {"glm-5": 0.6}, I, Refuse),
        (4.0, {"glm-5": 4.1}, T, Refuse),
        (4.0, {"glm-5": 0.1}, T, Go),
        (0.5, {}, A, Go),
    ],
    ids=[
        "room",
        "none",
        "a lighter one has room",
        "asked for",
        "typing",
        "typing, room",
        "nobody knows what it costs",
    ],
)
def test_a_budget_is_not_overdrawn(left, costs, lane, kind):
    """What a request likely costs is looked at before it is sent: this window is ours to keep."""
    budget = window(100 * (1 - left / 10), name="budget", limit=10.0, unit="money")
    money = {model: Expense(Usage(), money=amount) for model, amount in costs.items()}
    assert isinstance(decide(lane, "glm-5", [], NOW, quota(budget, costs=money)), kind)


@pytest.mark.parametrize("name", ROOM)
def test_an_action_is_not_refused_while_the_window_has_room_for_a_lighter_model(name):
    """In the order of the chain; where it has room for none, what was chosen is tried."""
    windows, costs, expected = ROOM[name]
    verdict = decide(A, "glm-5", [], NOW, quota(*windows, costs=costs))
    if isinstance(expected, Go):
        assert isinstance(verdict, Go)
    else:
        assert isinstance(verdict, Use)
        assert verdict.model == expected
        assert "no room" in verdict.reason


# -- longer pauses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param((), 1.0, id="no windows"),
        pytest.param((None,), 1.0, id="unknown is not full"),
        pytest.param((0.0,), 1.0, id="empty"),
        pytest.param((60.0,), 1.0, id="plenty"),
        pytest.param((75.0,), 2.5, id="half way"),
        pytest.param((90.0,), 4.0, id="the reserve"),
        pytest.param((130.0,), 4.0, id="more than full"),
        pytest.param((10.0, None, 95.0), 4.0, id="the fullest counts"),
    ],
)
def test_a_pause_is_stretched_as_a_window_fills(used, expected):
    """Not at all while there is plenty, up to four times."""
    assert stretch([window(percent) for percent in used]) == pytest.approx(expected)


def test_it_is_stretched_earlier_in_peak_hours_and_as_the_profile_says():
    """And never by tool calls."""
    assert stretch([window(60)], is_peak=True) > 1.0
    assert stretch([window(40)], SAVER) > 1.0 == stretch([window(79)], EAGER)
    assert stretch([window(99, name="month", unit="calls")]) == 1.0


@pytest.mark.parametrize("profile", PROFILES)
def test_it_only_grows(profile):
    """With each per cent."""
    row = [stretch([window(float(n))], PROFILES[profile]) for n in range(120)]
    assert all(one <= other for one, other in pairwise(row))


# -- whatever holds -------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.none() | st.floats(0, 100), st.none() | st.floats(-1, 200)), max_size=3),
    st.floats(0, 50),
    st.sampled_from(list(PROFILES)),
    st.booleans(),
)
def test_typing_never_goes_in_the_reserve_and_explicit_work_always_does(fills, typed, profile, is_peak):
    """Of any window, whatever else holds."""
    names = ("5h", "week", "budget")
    windows = [
        window(used, name=name, hours=hours) for name, (used, hours) in zip(names, fills, strict=False)
    ]
    bounds = PROFILES[profile]
    known = quota(*windows, typed=dict.fromkeys(names, typed), bounds=bounds, is_peak=is_peak)
    lefts = [100 - w.used_percent for w in windows if w.used_percent is not None]
    spent = any(w.name == "budget" and w.used_percent == 100 for w in windows)
    if any(left <= bounds.reserve for left in lefts):
        assert isinstance(decide(T, "m", [], NOW, known), Refuse)
    assert isinstance(decide(A, "m", [], NOW, known), Refuse if spent else Go)


# -- what "too fast" teaches ------------------------------------------------------------------------------------------


def test_each_refusal_slows_down_and_time_heals():
    """Half a second, twice as long each time, eight at most; half in five minutes, nothing after a while."""
    gaps = [0.0]
    for _ in range(7):
        gaps.append(slower(gaps[-1]))
    assert gaps == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert recovered(8.0, 0.0) == 8.0
    assert recovered(8.0, 300.0) == 4.0
    assert recovered(8.0, 3 * HOUR) == 0.0
    assert recovered(8.0, -60.0) == 8.0, "the clock was set back"
    assert recovered(0.0, 10.0) == 0.0
