"""What `zai-ls quota` prints of a report: bars, one line, a page's curves; wide and narrow, known and unknown."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from rich.cells import cell_len

from zai_ls import language
from zai_ls.assistant.report import Report, Spend, spend
from zai_ls.cli.gauges import lines
from zai_ls.cli.page.data import track
from zai_ls.cli.public import report_row
from zai_ls.cli.quota import line
from zai_ls.domain import Forecast, Reading, Window
from zai_ls.state.ledger import Bucket, Totals

NOW = time.time()
HOUR = 3600.0


def window(used, name="5h", *, limit=2_000.0, hours=2.0, unit="credits", source="reported", **how) -> Window:
    absolute = None if limit is None or used is None else limit * used / 100
    return Window(
        name, used, None if hours is None else NOW + hours * HOUR, source, limit, absolute, unit, **how
    )


def report(*windows: Window, **changes) -> Report:
    plain = Report(
        at=NOW, account="acme", host="api.z.ai", plan="lite", level="lite", currency="usd", windows=windows,
        forecasts=(), read_at=NOW, peak="", trouble="", balance=None, money_today=0.0, money_month=0.0, closed_until=None, closed_reason="", today=(), week=(),
        refusals=(),
    )  # fmt: skip
    return replace(plain, **changes)


def printed(found: Report, width: int = 100) -> str:
    return "\n".join(text.plain for text in lines(found, width))


ROWS = (
    Spend("typing", "glm-4.5-air", "neovim", 120, 90_000, 31.25, 0.0, 0),
    Spend("action", "glm-5", "visual studio code", 4, 60_000, 25.0, 0.0, 2),
)


@pytest.mark.parametrize("width", [30, 40, 59, 60, 80, 140])
@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
def test_nothing_is_wider_than_the_terminal(width, tongue):
    """What is longer goes on below."""
    language.use(tongue)
    found = report(window(62), window(97, "week", limit=10_000), window(28, "month", limit=100, unit="calls"))
    found = replace(found, week=ROWS, today=ROWS, trouble="The endpoint is away for a while. " * 3)
    for text in lines(found, width):
        assert cell_len(text.plain) <= width


@pytest.mark.parametrize(
    ("used", "colour"),
    [(10, "green"), (79.9, "green"), (80, "yellow"), (94, "yellow"), (95, "red"), (100, "red")],
)
def test_the_bar_has_the_colour_of_its_severity(used, colour):
    """Green, yellow from 80 %, red from 95 %."""
    bar = next(text for text in lines(report(window(used)), 100) if "█" in text.plain)
    assert colour in {str(span.style) for span in bar.spans}


SAID = {
    # name: (report, words that are there, words that are not)
    "a window": (report(window(62)), ["5-hour quota", "62 %", "1,240 of 2,000 credits", "refills"], ["estimated"]),
    "a little is not nothing": (report(window(0.4)), ["0.4 %", "8.0 of 2,000", "█"], []),
    "very little is not nothing": (report(window(0.003)), ["0.01 %", "0.1 of 2,000", "█"], []),
    "unknown is not 0": (report(window(None)), ["how much is used is not known"], ["0 %", "█"]),
    "an estimate": (report(window(50, source="estimated")), ["estimated"], []),
    "other tools": (report(window(50, others=12.0)), ["other tools took 12 %"], []),
    "hardly any other tools": (report(window(50, others=3.0)), [], ["other tools"]),
    "only a percentage": (report(window(50, limit=None, unit="prompts")), ["50 %"], ["of"]),
    "a forecast": (report(window(50), forecasts=(Forecast("5h", 900.0, NOW + HOUR),)), ["at this pace used up"], []),
    "something returns": (report(window(50), forecasts=(Forecast("5h", 9.0, None, NOW + HOUR, 250.0),)), ["250 credits come back"], []),
    "closed": (report(window(100), closed_reason="Spent.", closed_until=NOW + HOUR), ["Spent.", "possible again"], []),
    "another plan than was set": (report(window(1), plan="pro"), ["calls this key's plan lite", "zai.plan says pro"], []),
    "no windows": (report(plan="payg", level=""), ["there is no quota window", "zai.budget.daily"], []),
    "a balance in yuan": (report(plan="payg", balance=12.5, currency="cny"), ["¥12.50"], []),
    "what was spent": (report(plan="payg", money_today=0.0123, money_month=4.5), ["today: $0.0123, this month: $4.50"], []),
    "no money on a plan": (report(window(1)), [], ["Spent today"]),
    "a budget": (report(window(40, "budget", limit=5.0, unit="money"), plan="payg"), ["own budget", "$2.00 of $5.00"], []),
    "trouble": (report(window(1), trouble="The endpoint is away."), ["The endpoint is away."], []),
    "spend": (report(window(1), week=ROWS, today=ROWS[:1]), ["glm-4.5-air", "neovim", "31.2 credits (120)", "~25.0 credits (4)"], []),
    "much spend": (report(window(1), week=ROWS * 9), ["and 6 more"], []),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_is_printed(name):
    """Each thing that a person would look for, and nothing that is not so."""
    found, there, absent = SAID[name]
    text = printed(found)
    assert all(words in text for words in there), text
    assert not any(words in text for words in absent), text


def test_a_narrow_terminal_has_all_of_it():
    """One thing a line."""
    found = report(window(62), week=ROWS, today=ROWS[:1], forecasts=(Forecast("5h", 900.0, NOW + HOUR),))
    text = printed(found, 40)
    assert all(words in text for words in ("62 %", "█", "refills", "used up", "glm-5 action"))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(window(31), window(12, "week")), "GLM 5h 31% · week 12%"),
        (report(window(None), window(12, "week")), "GLM 5h ? · week 12%"),
        (report(window(31, source="estimated")), "GLM 5h ~31%"),
        (report(window(28, "month", unit="calls"), window(31)), "GLM 5h 31%"),
        (report(plan="payg", balance=12.5), "GLM $12.50"),
        (report(), "No quota window"),
    ],
)
def test_one_line_for_a_status_bar(found, said):
    """Short: nothing but numbers; the fullest window says when it refills, from one half on."""
    assert line(found).startswith(said)
    assert "→" not in line(found)
    assert "\n" not in line(found)


def test_the_line_says_when_the_fullest_window_refills_and_until_when_it_is_closed():
    """In local time."""
    assert " → " in line(report(window(62), window(80, "week", hours=20)))
    assert line(report(window(62), window(80, "week", hours=20))).index("→") > line(
        report(window(62), window(80, "week"))
    ).index("week")
    assert line(report(window(100), closed_reason="Spent.", closed_until=NOW + HOUR)).startswith(
        "GLM closed "
    )
    assert line(report(window(100), closed_reason="Paused.")) == "GLM closed"


def test_a_budget_that_is_used_up_closes_the_account():
    """It is ours to keep, so the line says until when."""
    spent = window(100, "budget", limit=5.0, unit="money")
    assert line(report(spent, plan="payg")).startswith("GLM closed ")


def test_json_has_every_window_and_unknown_is_null():
    """The public names, and what more there is."""
    row = report_row(report(window(None), forecasts=(Forecast("5h", 9.0, NOW + 60, NOW + 90, 3.0),)))
    (found,) = row["windows"]
    assert (found["name"], found["used_percent"], found["source"]) == ("5h", None, "reported")
    assert (found["ends_at"], found["returns_at"], found["returns"]) == (NOW + 60, NOW + 90, 3.0)
    assert row["closed"] is None


def test_spend_is_summed_over_time_and_the_dearest_first():
    """By lane, model and editor."""
    found = spend(
        [
            Bucket(0.0, "typing", "a", "x", Totals(2, 10, 0, 5, 1.0, 0.0)),
            Bucket(9.0, "typing", "a", "x", Totals(1, 10, 0, 5, 2.0, 0.0, 0, 1)),
            Bucket(9.0, "action", "a", "x", Totals(1, 10, 0, 5, 9.0, 0.0)),
            Bucket(9.0, "action", "b", "x", Totals(0, 0, 0, 0, 0.0, 0.0)),
        ]
    )
    assert [(row.lane, row.requests, row.tokens, row.credits, row.estimated) for row in found] == [
        ("action", 1, 15, 9.0, 0),
        ("typing", 3, 30, 3.0, 1),
    ]


# -- the page's curves ----------------------------------------------------------------------------------------------


def test_a_window_is_drawn_from_its_readings_to_where_it_is_going():
    """At its pace until it is full, full until it refills, then empty."""
    readings = [Reading(NOW - ago * HOUR, (window(used),)) for ago, used in ((9, 90), (2, 20), (1, 40))]
    drawn = track(window(60), Forecast("5h", 800.0, NOW + HOUR), readings, NOW)
    assert drawn["past"] == [(NOW - 2 * HOUR, 20), (NOW - HOUR, 40), (NOW, 60)]
    assert drawn["ahead"] == [
        (NOW, 60),
        (NOW + HOUR, 100.0),
        (NOW + 2 * HOUR, 100.0),
        (NOW + 2 * HOUR, 0.0),
        (NOW + 5 * HOUR, 0.0),
    ]


@pytest.mark.parametrize(
    ("given", "forecast", "ahead"),
    [
        (window(60), Forecast("5h", 200.0), [(0, 60), (2, 80), (2, 0.0), (5, 0.0)]),
        (window(60, hours=None), None, [(0, 60), (5, 60)]),
        (window(60, limit=None, unit="prompts", hours=9), Forecast("5h", 5.0), [(0, 60), (5, 85)]),
        (window(None), None, []),
    ],
    ids=["refills before", "nobody knows when", "per cent", "unknown"],
)
def test_the_way_ahead(given, forecast, ahead):
    """In hours from now."""
    drawn = track(given, forecast, [], NOW)["ahead"]
    assert [(pytest.approx((at - NOW) / HOUR), used) for at, used in drawn] == [
        (at, pytest.approx(used)) for at, used in ahead
    ]
