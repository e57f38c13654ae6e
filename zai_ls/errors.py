"""What can go wrong, as one small tree.

A class is named for the fact, not for the place.
Each says whether a request that has not yet received its first byte may be tried again, and carries a sentence for the person.
Foreign errors (httpx, sqlite) are translated where they arise and never travel further.
"""

from __future__ import annotations

from typing import ClassVar

from zai_ls.messages import say, told


class ZaiError(Exception):
    """Anything zai-ls reports to a person."""

    message_id: ClassVar[str] = "error.server_error"
    retryable: ClassVar[bool] = False
    """May be tried again before the first byte of a reply."""
    scope: ClassVar[str] = "request"
    """What a refusal concerns: `request`, `model` or `account`."""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        status: int | None = None,
        host: str = "",
        model: str = "",
        retry_after_s: float | None = None,
        resets_at: float | None = None,
        window: str = "",
        when: str = "",
        path: str = "",
        why: str = "",
    ) -> None:
        super().__init__(detail or code or self.message_id)
        self.detail = detail
        self.code = code or (str(status) if status else "")
        self.status = status
        self.host = host
        self.model = model
        self.retry_after_s = retry_after_s
        """What the service asks us to wait, when it says so."""
        self.resets_at = resets_at
        """When a spent window refills, epoch seconds, when the service says so."""
        self.window = window
        self.when = when
        """`resets_at` in the reader's words, filled in by whoever knows the local time."""
        self.path = path
        self.why = why

    @property
    def user_text(self) -> str:
        """One or two sentences for the person: what happened, what it means, what to do, and from when on if that is known."""
        text = say(
            self.message_id,
            detail=told(self.detail or "no detail"),
            code=self.code or told("no code"),
            host=self.host or told("the service"),
            model=self.model or told("this model"),
            window=told(self.window),
            path=self.path,
            config=self.path,
            why=told(self.why or self.detail),
        )
        return f"{text} {say('error.resumes', when=self.when)}" if self.when else text


# -- the network and the stream: theirs ---------------------------------------------------------------------


class Unreachable(ZaiError):
    """No connection could be made."""

    message_id = "error.unreachable"
    retryable = True


class TimedOut(ZaiError):
    """A connection stood, but no byte came for too long."""

    message_id = "error.timed_out"
    retryable = True


class BadReply(ZaiError):
    """The reply broke off, was spliced, or is no reply of this protocol."""

    message_id = "error.bad_reply"
    retryable = True


class InsecureHost(ZaiError):
    """The key would travel over plain http to another machine."""

    message_id = "error.insecure_host"
    scope = "account"


# -- the service's refusals, by business code (glm-api 2.2) --------------------------------------------------


class ServiceError(ZaiError):
    """The service answered, and its answer is no."""


class BadRequest(ServiceError):
    """1210, 1212-1215, 1221, 1222, 1231: we sent something it does not take."""

    message_id = "error.bad_request"


class UnknownModel(ServiceError):
    """1211: no such model (any more)."""

    message_id = "error.unknown_model"
    scope = "model"


class ContextTooLong(ServiceError):
    """1261: the prompt does not fit."""

    message_id = "error.context_too_long"


class ContentBlocked(ServiceError):
    """1300, 1301, or a stream finished as `sensitive`."""

    message_id = "error.content_blocked"


class AuthFailed(ServiceError):
    """1000-1005, 1220: the key is wrong, expired or not allowed."""

    message_id = "error.auth_failed"
    scope = "account"


class NoBalance(ServiceError):
    """1113: no balance, or a key on the wrong product's endpoint."""

    message_id = "error.no_balance"
    scope = "account"


class AccountLocked(ServiceError):
    """1110-1112, 1121: the account itself is inactive, missing or locked."""

    message_id = "error.account_locked"
    scope = "account"


class PlanEnded(ServiceError):
    """1309, 1314, 1315: the plan is over, or the key belongs to another kind of plan."""

    message_id = "error.plan_ended"
    scope = "account"


class PlanLacksModel(ServiceError):
    """1311: the plan does not include this model."""

    message_id = "error.plan_lacks_model"
    scope = "model"


class RateLimited(ServiceError):
    """1302, 1303: another request is in flight, or requests come too fast."""

    message_id = "error.rate_limited"
    retryable = True
    scope = "account"


class Overloaded(ServiceError):
    """1305, 1312: this model has no capacity now."""

    message_id = "error.overloaded"
    retryable = True
    scope = "model"


class QuotaExhausted(ServiceError):
    """1304, 1308, 1310, 1316-1321: a window is spent until `resets_at`."""

    message_id = "error.quota_exhausted"
    scope = "account"


class FairUse(ServiceError):
    """1313: risk control; sending more makes it worse."""

    message_id = "error.fair_use"
    scope = "account"


class ServerError(ServiceError):
    """1100, 1120, 1200, 1230, 1234, 5xx: the service failed."""

    message_id = "error.server_error"
    retryable = True


class NoReading(ZaiError):
    """The service does not tell how full the quota is (`why`); nothing else fails for it, and our own count goes on.

    `why` is one of `auth` (the key is not taken), `no_plan`, `team` (such plans tell nothing to a key alone), `not_json`,
    `odd` (a form that we do not know) and `http` (not reached, or refused).
    """

    message_id = "error.no_reading_odd"
    scope = "account"
    whys: ClassVar[frozenset[str]] = frozenset({"auth", "no_plan", "team", "not_json", "odd", "http"})

    @property
    def user_text(self) -> str:
        """What happened, what it means for what is shown, and what to do."""
        return say(
            f"error.no_reading_{self.why if self.why in self.whys else 'odd'}",
            host=self.host or told("the service"),
            detail=told(self.detail or "no detail"),
        )


# -- our own answers ----------------------------------------------------------------------------------------


class Withdrawn(ZaiError):
    """The wish for the slot ended before, or while, it was served; not a failure."""


class Busy(Withdrawn):
    """A typing ticket would have waited past its deadline."""

    message_id = "error.busy"


class Superseded(Withdrawn):
    """A newer ticket of the same topic took its place."""

    message_id = "error.superseded"


class Cancelled(Withdrawn):
    """The person, or the editor, cancelled it."""

    message_id = "error.cancelled"


class Preempted(Withdrawn):
    """A person's own request took the slot from a typing request in flight."""

    message_id = "error.preempted"


class Closed(ZaiError):
    """The account (or this model of it) takes no requests until `resets_at`."""

    message_id = "error.closed"
    scope = "account"


class ModelClosed(Closed):
    """One model of the account takes no requests until `resets_at`; others may."""

    scope = "model"


class Paused(ZaiError):
    """The person paused the account."""

    message_id = "error.paused"
    scope = "account"


class NoKey(ZaiError):
    """No API key is configured."""

    message_id = "error.no_key"
    scope = "account"


class StateUnusable(ZaiError):
    """The state folder or its database cannot be used."""

    message_id = "error.state"


class StateLocked(StateUnusable):
    """Another process keeps the state database locked."""

    message_id = "error.state_locked"
