"""What `zai.showQuota` says."""

from __future__ import annotations

import time

import pytest

from zai_ls.assistant.ports import AccountStatus
from zai_ls.domain import Window
from zai_ls.lsp.commands import quota_sentence

NOON = 1_795_435_200.0
"""Monday, 2026-11-23, 12:00 UTC."""
HOUR_S, WEEK_S = 3600.0, 7 * 86_400.0


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def sentence(*windows, until=None, reason="", paused=False):
    status = AccountStatus("a", "api.z.ai", "pro", windows, 0, 0, until, reason, paused, "")
    return quota_sentence(status, NOON).removeprefix("GLM account a (pro, api.z.ai): ")


def test_a_closed_account_says_when_it_goes_on():
    """As a clock time, with the date when it is another day."""
    spent = "The 5h quota is used up (1308)."
    today = sentence(until=NOON + HOUR_S, reason=spent)
    assert today.endswith(f" Closed: {spent} Requests are possible again from 13:00.")
    later = sentence(until=NOON + 24 * HOUR_S, reason=spent)
    assert later.endswith(" Requests are possible again from Tue 24 Nov, 12:00.")


def test_a_stop_for_fair_use_is_no_pause():
    """Nobody has paused; what the service says is said, and no end is made up."""
    said = sentence(reason="The service says no (1313).")
    assert said.endswith(" Closed: The service says no (1313).")
    assert "Paused" not in said
    assert sentence(paused=True, reason="paused").endswith(" Paused; the command zai.resume goes on.")


def test_a_reset_a_week_ahead_has_its_date():
    """On a Monday, "Mon" alone would be today."""
    said = sentence(
        Window("5h", 12.0, NOON + HOUR_S, "estimated"), Window("week", 100.0, NOON + WEEK_S, "reported")
    )
    assert said == "5h 12 % used, resets 13:00; week 100 % used, resets Mon 30 Nov, 12:00."
