"""Windows and forecasts from requests, readings and the time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import ListHistory, Sent, sent
from zai_ls.catalogue import PlanWindow
from zai_ls.core.quota import (
    Amount,
    budget_window,
    day_around,
    forecast,
    month_around,
    percent_of,
    prompts_a_call,
    windows_at,
)
from zai_ls.domain import Reading, Window

HOUR = 3600.0
DAY = 24 * HOUR
T0 = 1_795_000_000.0
BLOCK = PlanWindow("5h", 5 * HOUR, credits=100, prompts=100)
SLIDING = PlanWindow("5h", 5 * HOUR, credits=120, prompts=120, refill="sliding")
WEEK = PlanWindow("week", 7 * DAY, credits=500, prompts=500, refill="cycle")


def told(percent=None, *, used=None, limit=None, resets=None, name="5h", unit="credits") -> Window:
    """As a reading has it; *resets* in hours after T0."""
    if percent is None and used is not None and limit:
        percent = 100 * used / limit
    resets_at = None if resets is None else T0 + resets * HOUR
    return Window(name, percent, resets_at, "reported", limit, used, unit)


def reading(*windows: Window, at: float = 0.0) -> Reading:
    """Of *at* hours after T0."""
    return Reading(T0 + at * HOUR, windows)


def history(*requests: tuple[float, float], unit: str = "credits") -> ListHistory:
    """Requests as (hours after T0, amount)."""
    return ListHistory([sent(T0 + at * HOUR, amount, unit) for at, amount in requests])


# -- nothing but our own requests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "now", "used", "resets"),
    [
        ([], 0, 0, None),
        ([(0, 30)], 0.1, 30, 5),
        ([(0, 30), (1, 20)], 2, 50, 5),
        ([(0, 30), (1, 20)], 4.999, 50, 5),
        ([(0, 30), (1, 20)], 5, 0, None),
        ([(0, 30), (5, 20)], 5, 20, 10),
        ([(0, 30), (7, 20)], 8, 20, 12),
        ([(0, 300)], 0.1, 300, 5),
        ([(0, 30)], -1, 30, 4),
    ],
    ids=["idle", "one", "two in a block", "last second", "refilled", "opens anew", "opens late", "over", "the clock was set back"],
)  # fmt: skip
def test_a_block_opens_at_the_first_use_and_refills_whole(requests, now, used, resets):
    """Used of 100, and when the block that is open now ends; no block is open while nothing is used."""
    (window,) = windows_at([BLOCK], history(*requests), (), T0 + now * HOUR)
    assert (window.used, window.source) == (used, "estimated")
    assert window.used_percent == min(100, used)
    assert window.resets_at == (None if resets is None else T0 + resets * HOUR)


@pytest.mark.parametrize(
    ("now", "left", "resets"),
    [(10, 70, 15), (12, 40, 17), (14, 40, 17), (15, 90, 17), (16.99, 90, 17), (17, 120, None)],
)
def test_each_use_of_a_sliding_window_returns_by_itself(now, left, resets):
    """50 used at 10:00 and 30 at 12:00 of 120 leave 40 at 14:00, 90 at 15:00, 120 at 17:00."""
    requests = history(*[one for one in ((10, 50), (12, 30)) if one[0] <= now])
    (window,) = windows_at([SLIDING], requests, (), T0 + now * HOUR)
    assert window.limit - window.used == left
    assert window.resets_at == (None if resets is None else T0 + resets * HOUR)


# -- readings ---------------------------------------------------------------------------------------------------

SAME = {
    # name: (told, requests, now) -> per cent, resets, source
    "as it was told": (told(used=20, limit=100, resets=3), [], 1, 20, 3, "reported"),
    "what was sent since is added": (told(used=20, limit=100, resets=3), [(-1, 9), (0.5, 5)], 1, 25, 3, "reported"),
    "another limit than the catalogue's": (told(used=20, limit=200, resets=3), [(0.5, 10)], 1, 15, 3, "reported"),
    "only the percentage, with its limit": (told(20, limit=200, resets=3), [(0.5, 10)], 1, 25, 3, "reported"),
    "full": (told(used=99, limit=100, resets=3), [(0.5, 10)], 1, 100, 3, "reported"),
    "unknown stays unknown": (told(resets=3), [(0.5, 10)], 1, None, 3, "reported"),
    "unknown with a limit": (told(limit=100, resets=3), [(0.5, 10)], 1, None, 3, "reported"),
    "refilled": (told(used=20, limit=100, resets=3), [(0.5, 10)], 3, 0, None, "estimated"),
    "refilled and opened again": (told(used=20, limit=100, resets=3), [(0.5, 10), (4, 7)], 4, 7, 9, "estimated"),
    "refilled twice": (told(used=20, limit=100, resets=3), [(4, 7), (9.5, 2)], 10, 2, 14.5, "estimated"),
    "unknown, but refilled": (told(limit=100, resets=3), [(4, 10)], 4, 10, 9, "estimated"),
    "idle": (told(used=0, limit=100), [], 1, 0, None, "reported"),
    "idle, then opened": (told(used=0, limit=100), [(0.5, 4)], 1, 4, 5.5, "reported"),
    "idle, opened and over": (told(used=0, limit=100), [(0.5, 4)], 6, 0, None, "estimated"),
    "no reset told although used": (told(used=30, limit=100), [(0.5, 4)], 1, 34, None, "reported"),
    "told in the future": (told(used=20, limit=100, resets=3), [(-0.5, 4)], -1, 24, 3, "reported"),
    "older plans, one prompt a call": (told(20, resets=3, unit="prompts"), [(0.5, 5)], 1, 25, 3, "reported"),
    "tokens": (told(used=20, limit=100, resets=3, unit="tokens"), [(0.5, 5)], 1, 25, 3, "reported"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_services_word_counts_and_our_requests_are_added(name):
    """Until the period that it spoke of is over; then there is an estimate of the next one."""
    window, requests, now, percent, resets, source = SAME[name]
    (found,) = windows_at(
        [BLOCK], history(*requests, unit=window.unit), [reading(window)], T0 + now * HOUR
    )  # fmt: skip
    assert found.used_percent == (None if percent is None else pytest.approx(percent))
    assert found.resets_at == (None if resets is None else pytest.approx(T0 + resets * HOUR))
    assert found.source == source
    assert found.read_at == (min(T0, T0 + now * HOUR) if source == "reported" else None)


@pytest.mark.parametrize(
    ("now", "used", "resets"), [(23, 45, 24), (24, 0, 24 + 168), (30, 7, 24 + 168), (24 + 170, 0, 24 + 336)]
)
def test_weeks_follow_each_other_from_the_hour_of_the_order(now, used, resets):
    """Also where the service has not been asked for a while."""
    week = told(used=40, limit=500, resets=24, name="week")
    requests = history((1, 5), (26, 7))
    requests.all = [one for one in requests.all if one.at <= T0 + now * HOUR]
    found = windows_at([WEEK], requests, [reading(week)], T0 + now * HOUR)[0]
    assert found.used == used
    assert found.resets_at == T0 + resets * HOUR


def test_windows_are_those_that_the_service_tells_of():
    """An older plan has no week; a month of tool calls is shown, and once it is over nothing is known of the next one."""
    month = told(used=28, limit=100, resets=200, name="month", unit="calls")
    readings = [reading(month, told(1, resets=3))]
    found = windows_at([BLOCK, WEEK], history((0.5, 7)), readings, T0 + HOUR)
    assert [window.name for window in found] == ["5h", "month"]
    assert found[1].used == 28
    (_, over) = windows_at([BLOCK, WEEK], history(), readings, T0 + 201 * HOUR)
    assert (over.used_percent, over.resets_at, over.limit) == (None, None, 100)


def test_a_reading_that_lacks_the_five_hours_leaves_them_to_the_estimate():
    """There is no plan without them."""
    week = told(used=10, limit=500, resets=24, name="week")
    found = windows_at([BLOCK, WEEK], history((0.5, 7)), [reading(week)], T0 + HOUR)
    assert [(w.name, w.used, w.source) for w in found] == [("5h", 7, "estimated"), ("week", 17, "reported")]


WEEK_TOLD = told(used=10, limit=500, resets=24, name="week")


@pytest.mark.parametrize(
    ("later", "now", "percent", "source"),
    [
        ([WEEK_TOLD], 1, 98, "reported"),
        ([WEEK_TOLD, told(resets=2)], 1, 98, "reported"),
        ([WEEK_TOLD, told(used=5, limit=100, resets=2)], 1, 5, "reported"),
        ([WEEK_TOLD], 2.5, None, "estimated"),
        ([WEEK_TOLD, told(resets=7)], 2.5, None, "reported"),
    ],
    ids=[
        "left out",
        "not said",
        "said anew",
        "left out, and the period is over",
        "not said, and the period is over",
    ],
)
def test_what_was_said_of_a_period_holds_until_it_is_over(later, now, percent, source):
    """A reading that leaves a window out, or does not say how full it is, never makes it look empty."""
    readings = [reading(told(used=98, limit=100, resets=2), WEEK_TOLD, at=0), reading(*later, at=0.5)]
    window = windows_at([BLOCK, WEEK], history(), readings, T0 + now * HOUR)[0]
    assert (window.name, window.used_percent, window.source) == ("5h", percent, source)


def test_tool_calls_have_no_forecast_of_ours():
    """Our requests are none of them."""
    month = told(used=28, limit=100, resets=200, name="month", unit="calls")
    requests = history(*[(0.5, 5)] * 30)
    found = forecast(month, None, requests, [reading(month)], T0 + HOUR)
    assert (found.pace, found.ends_at, found.returns_at) == (0, None, T0 + 200 * HOUR)
    assert percent_of(requests.between(0, T0 + HOUR), month, None, {}) == 0


def test_a_window_that_is_used_up_does_not_end_any_more():
    """It has."""
    full = told(used=100, limit=100, resets=3)
    assert forecast(full, BLOCK, history((0.5, 9)), [reading(full)], T0 + HOUR).ends_at is None


def test_a_reading_without_windows_changes_nothing():
    """Such as a team's without its selectors."""
    readings = [reading(told(used=10, limit=100, resets=3)), reading(at=0.5)]
    assert windows_at([BLOCK], history(), readings, T0 + HOUR)[0].used == 10


def test_a_request_that_the_service_had_not_counted_yet_is_added():
    """It was under way when the reading came: it counts when it ends."""
    under_way = Sent(T0 - 60, Amount(1, credits=8), T0 + 60)
    open_ = Sent(T0 - 30, Amount(1, credits=4))
    counted = Sent(T0 - 90, Amount(1, credits=2), T0 - 80)
    found = windows_at(
        [BLOCK],
        ListHistory([counted, under_way, open_]),
        [reading(told(used=20, limit=100, resets=3))],
        T0 + 100,
    )
    assert found[0].used == 32


@pytest.mark.parametrize(("used", "others"), [(20, 0), (25, 0), (29, 4), (80, 55)])
def test_what_other_tools_took_is_told(used, others):
    """By how much the reading lies above the one before and our own requests."""
    readings = [
        reading(told(used=20, limit=100, resets=5), at=0),
        reading(told(used=used, limit=100, resets=5), at=1),
    ]
    assert windows_at([BLOCK], history((0.5, 5)), readings, T0 + HOUR)[0].others == others
    anew = [readings[0], reading(told(used=used, limit=100, resets=9), at=6)]
    assert windows_at([BLOCK], history((0.5, 5)), anew, T0 + 6 * HOUR)[0].others == 0, "another period"


def test_sliding_with_a_reading_lets_ours_return_and_keeps_the_others():
    """Theirs are gone when the window's time has passed since the reading."""
    readings = [reading(told(used=70, limit=120, resets=5), at=0)]
    requests = history((-2, 30), (1, 10))
    used = [windows_at([SLIDING], requests, readings, T0 + at * HOUR)[0].used for at in (2, 3, 4.9, 5, 6)]
    assert used == [80, 50, 50, 10, 0]


# -- prompts of older plans -------------------------------------------------------------------------------------


def prompts_readings(*points: tuple[float, float, float]) -> tuple[list[Reading], ListHistory]:
    """Readings as (hours, per cent, calls until then) of one period."""
    requests, before = [], 0.0
    for at, _, calls in points:
        requests.append(
            Sent(T0 + at * HOUR - 1, Amount(int(calls - before), prompts=calls - before), T0 + at * HOUR - 1)
        )
        before = calls
    found = [reading(told(percent, resets=9, unit="prompts"), at=at) for at, percent, _ in points]
    return found, ListHistory(requests)


@pytest.mark.parametrize(
    ("points", "most"),
    [
        ([(0, 1, 10)], 1),
        ([(0, 1, 10), (1, 30, 20)], 1),
        ([(0, 1, 10), (1, 1, 15)], 0.2),
        ([(0, 1, 10), (1, 9, 130)], 9 / 120),
        ([(0, 1, 10), (1, 9, 130), (2, 80, 140)], 9 / 120),
        ([(0, 50, 10), (1, 40, 130)], 1 / 120),
    ],
    ids=["one reading", "other tools", "nothing to see yet", "an eighth", "others later", "it fell"],
)
def test_readings_prove_what_a_call_takes_at_most(points, most):
    """Of 100 prompts; rounding is on the safe side, other tools can only make the bound worse."""
    readings, requests = prompts_readings(*points)
    assert prompts_a_call("5h", 100, requests, readings) == pytest.approx(most)


def test_what_was_learnt_fills_the_time_between_readings():
    """A fifteenth of a prompt for each call, of a window of which only the percentage is known."""
    readings = [reading(told(20, resets=3, unit="prompts"))]
    requests = history(*[(0.5, 1)] * 30, unit="prompts")
    (found,) = windows_at([BLOCK], requests, readings, T0 + HOUR, learnt={"5h": 1 / 15})
    assert found.used_percent == pytest.approx(22)
    assert (found.limit, found.used) == (None, None)


# -- forecasts --------------------------------------------------------------------------------------------------


def test_a_block_ends_when_the_pace_says_and_returns_whole():
    """20 an hour of 100: 70 left end after three and a half hours, before it resets at the fifth."""
    requests = history((0.2, 10), (1.2, 20))
    (window,) = windows_at([BLOCK], requests, (), T0 + 1.5 * HOUR)
    found = forecast(window, BLOCK, requests, (), T0 + 1.5 * HOUR)
    assert (found.pace, found.ends_at) == (20, T0 + 5 * HOUR)
    assert (found.returns_at, found.returns) == (T0 + 5.2 * HOUR, 30)


@pytest.mark.parametrize(
    ("requests", "now"),
    [([], 1), ([(0, 30)], 3), ([(0, 30), (2.9, 1)], 3)],
    ids=["idle", "no pace", "slow enough"],
)
def test_no_end_is_told_where_there_is_none(requests, now):
    """At this pace it refills before."""
    (window,) = windows_at([BLOCK], history(*requests), (), T0 + now * HOUR)
    assert forecast(window, BLOCK, history(*requests), (), T0 + now * HOUR).ends_at is None


def test_a_sliding_window_returns_bit_by_bit():
    """The oldest use first."""
    requests = history((10, 50), (12, 30))
    (window,) = windows_at([SLIDING], requests, (), T0 + 14 * HOUR)
    found = forecast(window, SLIDING, requests, (), T0 + 14 * HOUR)
    assert (found.returns_at, found.returns) == (T0 + 15 * HOUR, 50)


def test_other_tools_count_for_the_pace():
    """40 an hour by the readings, 5 by our own requests."""
    readings = [reading(told(used=20, limit=100, resets=5), at=0.5)]
    readings.append(reading(told(used=40, limit=100, resets=5), at=1))
    requests = history((0.7, 5))
    (window,) = windows_at([BLOCK], requests, readings, T0 + HOUR)
    found = forecast(window, BLOCK, requests, readings, T0 + HOUR)
    assert (found.pace, found.ends_at) == (40, T0 + 2.5 * HOUR)


def test_a_percentage_has_a_forecast_in_per_cent():
    """Where nobody knows the limit."""
    readings = [reading(told(50, resets=5, unit="prompts"), at=0)]
    requests = history((0.9, 20), unit="prompts")
    (window,) = windows_at([BLOCK], requests, readings, T0 + HOUR)
    found = forecast(window, BLOCK, requests, readings, T0 + HOUR)
    assert (found.pace, found.ends_at, found.returns) == (20, T0 + 2.5 * HOUR, 70)


def test_an_unknown_window_has_no_forecast():
    """Neither an end nor an amount."""
    readings = [reading(told(resets=5), at=0)]
    (window,) = windows_at([BLOCK], history(), readings, T0 + HOUR)
    found = forecast(window, BLOCK, history(), readings, T0 + HOUR)
    assert (found.ends_at, found.returns_at, found.returns) == (None, T0 + 5 * HOUR, None)


# -- budgets ----------------------------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-03-08T12:00", 23), ("2026-11-01T12:00", 25), ("2026-11-01T01:30", 25), ("2026-05-05T00:00", 24), ("2026-12-31T23:59", 24)],
)  # fmt: skip
def test_days_are_those_of_the_zone(now, hours):
    """23 or 25 hours long when the clocks are changed."""
    at = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK).timestamp()
    start, end = day_around(at, NEW_YORK)
    assert start <= at < end
    assert (end - start) / HOUR == hours
    assert day_around(end, NEW_YORK)[0] == end


@pytest.mark.parametrize(
    ("now", "days"), [("2026-02-28T23:59", 28), ("2028-02-01T00:00", 29), ("2026-12-15T12:00", 31)]
)
def test_months_are_those_of_the_calendar(now, days):
    """Also at their ends."""
    zone = timezone(timedelta(hours=8))
    at = datetime.fromisoformat(now).replace(tzinfo=zone).timestamp()
    start, end = month_around(at, zone)
    assert start <= at < end
    assert end - start == days * DAY
    assert month_around(end, zone)[0] == end


@pytest.mark.parametrize(
    ("daily", "monthly", "percent"),
    [(0, 0, None), (2, 0, 50), (0, 10, 40), (2, 10, 50), (2, 5, 80), (0.5, 0, 100)],
)
def test_a_budget_is_a_window_in_money(daily, monthly, percent):
    """1 today, 4 this month; of two budgets the fuller one."""
    now = datetime(2026, 5, 20, 12, tzinfo=NEW_YORK).timestamp()
    requests = ListHistory(
        [sent(now - HOUR, 1, "money"), sent(now - 5 * DAY, 3, "money"), sent(now - 25 * DAY, 9, "money")]
    )
    window = budget_window(daily, monthly, requests, now, NEW_YORK)
    assert (window.used_percent if window else None) == percent
    assert window is None or (window.name, window.unit) == ("budget", "money")


# -- whatever happens -------------------------------------------------------------------------------------------

PLANS = st.sampled_from([BLOCK, SLIDING, WEEK])
TIMES = st.floats(0, 400).map(lambda hours: T0 + hours * HOUR)
REQUESTS = st.lists(
    st.tuples(TIMES, st.floats(0.01, 40), st.floats(0, 600)).map(
        lambda t: Sent(t[0], Amount(1, t[1], 1.0, 100, t[1]), t[0] + t[2])
    ),
    max_size=30,
).map(ListHistory)


@st.composite
def readings_(draw):
    """A window's reading, right or odd."""
    percent = draw(st.none() | st.floats(0, 100))
    limit = draw(st.none() | st.just(100.0))
    at = draw(TIMES)
    resets = draw(st.none() | st.floats(-10, 200))
    used = None if limit is None or percent is None or draw(st.booleans()) else percent
    unit = draw(st.sampled_from(["credits", "prompts", "tokens"]))
    return at, Window(
        "5h", percent, None if resets is None else at + resets * HOUR, "reported", limit, used, unit
    )


@given(PLANS, REQUESTS, st.none() | readings_(), TIMES)
def test_a_window_is_always_between_nothing_and_full(plan, requests, read, now):
    """And what is unknown is never told as nothing used."""
    readings = []
    if read is not None:
        at, window = read
        window = Window(plan.name, *[getattr(window, f) for f in ("used_percent", "resets_at", "source", "limit", "used", "unit")])  # fmt: skip
        readings = [Reading(at, (window,))]
    (found,) = [w for w in windows_at([plan], requests, readings, now) if w.name == plan.name]
    assert found.used_percent is None or 0 <= found.used_percent <= 100
    assert found.resets_at is None or found.resets_at > min(now, readings[0].at if readings else now)
    if readings and found.read_at is not None:
        assert (found.used_percent is None) == (readings[0].windows[0].used_percent is None)
    forecast(found, plan, requests, readings, now)


@given(PLANS, REQUESTS, TIMES, st.floats(0.01, 30))
def test_one_more_request_never_makes_a_window_emptier(plan, requests, now, amount):
    """One that is sent now."""
    (before,) = windows_at([plan], requests, (), now)
    more = ListHistory([*requests.all, sent(now, amount)])
    (after,) = windows_at([plan], more, (), now)
    assert after.used >= before.used


@given(REQUESTS, TIMES)
def test_a_sliding_window_is_what_was_used_in_its_length(requests, now):
    """The definition, in another way."""
    requests.all = [one for one in requests.all if one.at <= now]
    (window,) = windows_at([SLIDING], requests, (), now)
    assert window.used == pytest.approx(
        sum(one.amount.credits for one in requests.all if now - one.at < 5 * HOUR)
    )


@given(REQUESTS, st.lists(TIMES, max_size=6), TIMES)
def test_between_readings_the_estimate_is_what_the_service_would_say(requests, asked, now):
    """A service that counts blocks, at the end of each request; readings at any time, also never."""
    requests.all = sorted((one for one in requests.all if one.at <= now), key=lambda one: one.at)
    requests.all = [
        Sent(one.at, one.amount, one.at) for one in requests.all
    ]  # one by one: a service counts at once

    def service(at: float) -> tuple[float, float | None]:
        opened, used = None, 0.0
        for one in requests.all:
            if one.at > at:
                break
            if opened is None or one.at >= opened + 5 * HOUR:
                opened, used = one.at, 0.0
            used += one.amount.credits
        if opened is None or at >= opened + 5 * HOUR:
            return 0.0, None
        return used, opened + 5 * HOUR

    readings = []
    for at in sorted(a for a in asked if a <= now):
        used, resets_at = service(at)
        readings.append(
            Reading(at, (Window("5h", min(100.0, used), resets_at, "reported", 100, used, "credits"),))
        )
    (window,) = windows_at([BLOCK], requests, readings, now)
    used, resets_at = service(now)
    assert window.used == pytest.approx(used)
    assert window.resets_at == resets_at
