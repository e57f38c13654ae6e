"""When a refused request may be tried again, and what the refusal closes meanwhile. Pure policy.

Sleeping between two tries never holds the slot; the closure makes every process of the user wait along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls import errors
from zai_ls.core.throttle import Closure
from zai_ls.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping

FOREVER = 4_102_444_800.0
"""2100-01-01: closed until a person opens it again."""

_TYPING_PATIENCE_S = 2.0
_PATIENCE_S = 60.0
"""A service that asks for more than this is not waited for by a request that someone is looking at."""

_RESET_MARGIN_S = 5.0
"""Two clocks: a window is asked again a little after it is said to refill."""
_UNKNOWN_RESET_S = 300.0
_OVERLOADED_S = 30.0
_NOT_IN_PLAN_S = 86_400.0
"""A plan changes with a purchase, or when the vendor opens a model to it: once a day is soon enough to look again."""
_UNKNOWN_MODEL_S = 3600.0
"""A new model's name is often known in one data centre before the next."""
_KEY_WRONG_S = 60.0


@dataclass(frozen=True, slots=True)
class _Steps:
    """Ceilings of the waits before the second, third, … try; their number is the limit."""

    ceilings: tuple[float, ...]
    completions: int = 3
    """How many of them a completion gets that a person asked for; by then nobody wants it any more."""
    guesses: int = 0
    """How many an editor's guess gets: the next pause brings another."""


_RATE = _Steps((1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0), guesses=1)
"""Another tool may hold the account for half a minute; a person who asked, and sees why it waits, would wait for it."""
_OVERLOAD = _Steps((2.0, 5.0, 15.0), completions=0)
_OVERLOAD_WITH_OTHER = _Steps((2.0,), completions=0)
"""Nobody wants to look at a busy model for 20 s while the next one is free."""
_SERVER = _Steps((0.5, 1.0, 2.0))
_ONCE = _Steps((0.5,), completions=0)

_STEPS: Mapping[type[errors.ZaiError], _Steps] = {
    errors.RateLimited: _RATE,
    errors.Overloaded: _OVERLOAD,
    errors.ServerError: _SERVER,
    errors.Unreachable: _SERVER,
    errors.BadReply: _SERVER,
    errors.TimedOut: _ONCE,
}


def retry_delay(
    error: errors.ZaiError, attempt: int, lane: Lane, random01: float, *, has_other: bool = False
) -> float | None:
    """Seconds to wait before the next try, or None: do not try again.

    *attempt* counts the tries that were refused before this one, from 0. *random01* in 0..1 spreads the wait over its
    whole span (full jitter), so that processes refused together do not come back together; what the service itself
    asks for is a lower bound. *has_other*: another model can take the request, so an overloaded one is tried once more only.
    """
    steps = _STEPS.get(type(error))
    patience = _TYPING_PATIENCE_S if lane is Lane.TYPING else _PATIENCE_S
    if has_other and steps is _OVERLOAD:
        steps, patience = _OVERLOAD_WITH_OTHER, _TYPING_PATIENCE_S
    if steps is None or attempt >= len(steps.ceilings):
        return None
    if attempt >= {Lane.TYPING: steps.guesses, Lane.INVOKED: steps.completions}.get(
        lane, len(steps.ceilings)
    ):
        return None
    delay = max(random01 * steps.ceilings[attempt], error.retry_after_s or 0.0)
    return delay if delay <= patience else None


def closure_for(error: errors.ZaiError, now: float, delay: float | None) -> Closure | None:
    """What *error* closes, for every process; None: nothing. *delay* is the wait before the next try, if there is one.

    A wrong key, an empty balance, or a model that is not there closes typing only: guesses must not repeat it at every key,
    but a person who has just put it right, or names that model, gets a fresh answer at once. Whoever chooses a model goes
    round one that is closed for any lane.
    """
    until, model, lane = None, "", ""
    match error:
        case errors.FairUse():
            until = FOREVER
        case errors.QuotaExhausted():
            until = now + _UNKNOWN_RESET_S if error.resets_at is None else error.resets_at + _RESET_MARGIN_S
        case errors.PlanLacksModel():
            until, model, lane = now + _NOT_IN_PLAN_S, error.model, Lane.TYPING.value
        case errors.UnknownModel():
            until, model, lane = now + _UNKNOWN_MODEL_S, error.model, Lane.TYPING.value
        case errors.Overloaded():
            until, model = now + (_OVERLOADED_S if delay is None else delay), error.model
        case errors.RateLimited():
            until = now + (error.retry_after_s or 1.0 if delay is None else delay)
        case errors.AuthFailed() | errors.NoBalance() | errors.AccountLocked() | errors.PlanEnded():
            until, lane = now + _KEY_WRONG_S, Lane.TYPING.value
        case _ if delay is not None:
            until = now + delay
        case _:
            return None
    return Closure(until, error.code or _own_code(error), model=model, lane=lane, reason=error.user_text)


def _own_code(error: errors.ZaiError) -> str:
    """For what has no business code: the last word of its message id, such as `unreachable`."""
    return error.message_id.rpartition(".")[2]
