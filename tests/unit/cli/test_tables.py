"""What the verbs that report print: unknown is never shown as nothing, and estimates are marked."""

from __future__ import annotations

import time

from zai_ls.assistant.ports import AccountStatus
from zai_ls.cli.account import local, window_text
from zai_ls.cli.public import window_row
from zai_ls.cli.stats import completions_table, table
from zai_ls.cli.status import lines
from zai_ls.domain import Window
from zai_ls.state.ledger import Row, Totals
from zai_ls.state.shown import CompletionRow

TOMORROW = time.time() + 36 * 3600


def status(*, debug=False, **changes):
    fields = {
        "account": "team",
        "host": "api.z.ai",
        "plan": "pro",
        "windows": (),
        "waiting": 2,
        "in_flight": 1,
        "closed_until": None,
        "closed_reason": "",
        "paused": False,
        "dispatcher": "<Dispatcher idle>",
    }
    return "\n".join(lines(AccountStatus(**(fields | changes)), debug=debug))


def test_the_status_says_who_waits_and_why():
    """The same facts that every editor of the account shows."""
    assert "Account team at api.z.ai, plan pro." in status()
    assert "In flight: 1. Waiting: 2." in status()
    assert "<Dispatcher idle>" not in status()
    assert status(debug=True).endswith("This process: <Dispatcher idle>")
    assert "again" not in status()
    closed = status(closed_until=TOMORROW, closed_reason="Overloaded.")
    assert f"Overloaded.\nRequests are possible again from {local(TOMORROW)}." in closed


def test_a_pause_says_how_to_go_on():
    """And not that it ends in the year 2100."""
    shown = status(paused=True, closed_until=4_102_444_800.0, closed_reason="paused")

    assert "zai-ls resume" in shown
    assert "2100" not in shown


def test_an_unknown_window_is_said_to_be_unknown():
    """Unknown is never 0."""
    unknown = Window("5h", None, None, "estimated")

    assert window_text(unknown) == "5h: unknown (estimated)"
    assert window_row(unknown) == {
        "name": "5h",
        "used_percent": None,
        "resets_at": None,
        "source": "estimated",
    }


def test_a_window_says_when_it_resets_in_local_time():
    """With the day when it is not today."""
    shown = window_text(Window("week", 98.4, TOMORROW, "reported"))

    assert shown == f"week: 98 % used, resets {local(TOMORROW)} (reported)"
    assert time.strftime("%a", time.localtime(TOMORROW)) in local(TOMORROW)


def test_statistics_stand_in_columns_and_mark_what_was_estimated():
    """A number of the service and a guess of ours do not look the same."""
    rows = (
        Row("action", "simplify", "glm-5.3", Totals(12, 3400, 1200, 560, 1.5, 0.0, 0, 0), 4.25),
        Row("action", "fix", "glm-4.7", Totals(1, 90, 0, 6, 0.25, 0.0, 0, 0), 1.0, "glm-5.3"),
        Row("typing", "", "glm-5.3-flash", Totals(3, 90, 0, 6, 0.25, 0.0, 0, 2), 0.0),
    )

    assert table(rows) == [
        "lane    action    model          answered by  requests  prompt  cached  reply  credits    money   mean",
        "action  simplify  glm-5.3        -                  12    3400    1200    560     1.50   0.0000  4.2 s",
        "action  fix       glm-4.7        glm-5.3             1      90       0      6     0.25   0.0000  1.0 s",
        "typing  -         glm-5.3-flash  -                   3     ~90      ~0     ~6    ~0.25  ~0.0000      -",
    ]


def test_what_became_of_completions_stands_in_columns():
    """What is not known about any is no 0 %."""
    rows = (
        CompletionRow("glm-5.3-flash", 200, 61, 9, 130, 45, 50, 2875),
        CompletionRow("x", 1, 0, 0, 1, 0, 0, 0),
    )

    assert completions_table(rows) == [
        "model          shown   accepted  typed  rejected  retained  characters",
        "glm-5.3-flash    200  61 (30 %)      9       130      90 %        2875",
        "x                  1    0 (0 %)      0         1         -           0",
    ]
