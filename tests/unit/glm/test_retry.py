from __future__ import annotations

import pytest

from zai_ls import errors
from zai_ls.domain import Lane
from zai_ls.glm.retry import FOREVER, closure_for, retry_delay

NOW = 1_795_000_000.0
A, C, T, G = Lane.ACTION, Lane.INVOKED, Lane.TYPING, Lane.AGENT

CEILINGS = [
    (
        errors.RateLimited,
        {A: [1, 2, 4, 8, 8, 8, 8, 8], C: [1, 2, 4], G: [1, 2, 4, 8, 8, 8, 8, 8], T: [1]},
    ),
    (errors.Overloaded, {A: [2, 5, 15], G: [2, 5, 15], C: [], T: []}),
    (errors.ServerError, {A: [0.5, 1, 2], C: [0.5, 1, 2], G: [0.5, 1, 2], T: []}),
    (errors.Unreachable, {A: [0.5, 1, 2], C: [0.5, 1, 2], T: []}),
    (errors.BadReply, {A: [0.5, 1, 2], C: [0.5, 1, 2], T: []}),
    (errors.TimedOut, {A: [0.5], G: [0.5], C: [], T: []}),
    *[
        (kind, {A: [], C: [], T: [], G: []})
        for kind in (
            errors.AuthFailed,
            errors.NoBalance,
            errors.PlanEnded,
            errors.PlanLacksModel,
            errors.UnknownModel,
            errors.QuotaExhausted,
            errors.FairUse,
            errors.AccountLocked,
            errors.BadRequest,
            errors.ContextTooLong,
            errors.ContentBlocked,
            errors.Preempted,
            errors.Closed,
            errors.InsecureHost,
        )
    ],
]


@pytest.mark.parametrize(("kind", "lanes"), CEILINGS)
def test_limits_by_class_and_lane(kind, lanes):
    """So often and no more, up to so many seconds; full jitter spreads over all of it."""
    for lane, ceilings in lanes.items():
        for attempt, ceiling in enumerate([*ceilings, None, None]):
            assert retry_delay(kind(), attempt, lane, 1.0) == ceiling
            if ceiling is not None:
                assert retry_delay(kind(), attempt, lane, 0.0) == 0.0
                assert retry_delay(kind(), attempt, lane, 0.5) == ceiling / 2


def test_a_class_that_may_be_tried_again_says_so():
    """The errors' own word and the policy agree."""
    for kind, lanes in CEILINGS:
        assert kind.retryable == any(lanes.values())


@pytest.mark.parametrize(
    ("attempt", "asked", "delay"), [(0, None, 2.0), (1, None, None), (0, 1.5, 2.0), (0, 30.0, None)]
)
def test_an_overloaded_model_is_not_waited_for_where_another_is_free(attempt, asked, delay):
    """Once more within two seconds, then the other one; at once when the service itself asks for longer."""
    error = errors.Overloaded(code="1305", retry_after_s=asked)
    assert retry_delay(error, attempt, A, 1.0, has_other=True) == delay
    assert retry_delay(errors.ServerError(), 2, A, 1.0, has_other=True) == 2.0, "all else as ever"


@pytest.mark.parametrize(
    ("lane", "asked", "delay"),
    [(A, 7.0, 7.0), (A, 0.1, 0.5), (A, 61.0, None), (T, 1.9, 1.9), (T, 2.1, None), (G, 60.0, 60.0)],
)
def test_what_the_service_asks_for_is_a_lower_bound(lane, asked, delay):
    """`retry-after` is obeyed, and a request that would wait too long is answered instead."""
    assert retry_delay(errors.RateLimited(retry_after_s=asked), 0, lane, 0.5) == delay


@pytest.mark.parametrize(
    ("error", "delay", "until", "model", "lane"),
    [
        (errors.QuotaExhausted(code="1308", resets_at=NOW + 900), None, NOW + 905, "", ""),
        (errors.QuotaExhausted(code="1308"), None, NOW + 300, "", ""),
        (errors.FairUse(code="1313"), None, FOREVER, "", ""),
        (errors.Overloaded(code="1305", model="glm-5"), 4.0, NOW + 4, "glm-5", ""),
        (errors.Overloaded(code="1305", model="glm-5"), None, NOW + 30, "glm-5", ""),
        (errors.RateLimited(code="1302"), 0.5, NOW + 0.5, "", ""),
        (errors.RateLimited(code="1302", retry_after_s=9), None, NOW + 9, "", ""),
        (errors.RateLimited(code="1302"), None, NOW + 1, "", ""),
        (errors.PlanLacksModel(code="1311", model="glm-5"), None, NOW + 86_400, "glm-5", "typing"),
        (errors.UnknownModel(code="1211", model="glm-9"), None, NOW + 3600, "glm-9", "typing"),
        (errors.AuthFailed(code="1000"), None, NOW + 60, "", "typing"),
        (errors.NoBalance(code="1113"), None, NOW + 60, "", "typing"),
        (errors.ServerError(code="1234"), 0.3, NOW + 0.3, "", ""),
        (errors.Unreachable(), 0.3, NOW + 0.3, "", ""),
    ],
)
def test_what_a_refusal_closes(error, delay, until, model, lane):
    """Until when, and whether the account, one model of it, or guesses only."""
    closure = closure_for(error, NOW, delay)
    assert closure is not None
    assert (closure.until, closure.model, closure.lane) == (until, model, lane)
    assert closure.code == (error.code or "unreachable")
    assert closure.reason == error.user_text


@pytest.mark.parametrize(
    "error",
    [
        errors.ServerError(),
        errors.BadRequest(),
        errors.ContextTooLong(),
        errors.Cancelled(),
        errors.BadReply(),
    ],
)
def test_what_closes_nothing(error):
    """A request's own fault, or a failure that is not tried again, holds up nobody else."""
    assert closure_for(error, NOW, None) is None
