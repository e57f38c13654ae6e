"""How full the account's windows are: the service's readings, the ledger between them, and when to ask again.

Everybody who wants to know asks here: the throttle, the choice of a model, status lines, `zai-ls quota`.
All processes of a user share the readings; whoever's turn it is asks for them.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from zai_ls.clock import local_time
from zai_ls.core import quota, throttle
from zai_ls.domain import Lane
from zai_ls.errors import NoReading, StateUnusable, ZaiError
from zai_ls.messages import say, told
from zai_ls.state.slot import FAIR_USE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zai_ls.catalogue import Catalogue, PlanWindow
    from zai_ls.clock import Clock
    from zai_ls.config import Config
    from zai_ls.core.quota import History
    from zai_ls.core.throttle import Closure
    from zai_ls.domain import Account, Forecast, PlanName, Reading, Window, WindowName
    from zai_ls.glm.monitor import Monitor, Told
    from zai_ls.settings import Settings
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.notices import Notices
    from zai_ls.state.readings import Readings
    from zai_ls.state.slot import Slot

_log = logging.getLogger(__name__)

THRESHOLDS = (80, 95, 100)
"""Per cent used of a window that are told, each once."""
_BACK = 0
"""In place of a threshold: the window is back."""

_TICK_S = 20.0
"""How often it is looked whether to ask again."""
_ACTIVE_S = 900.0
"""Nobody asks for an account that has sent nothing for so long."""
_SOON_S = 45.0
"""At least so long between two questions when much was used in between, or after a refusal."""
_MANUAL_S = 30.0
"""The same when a person asks."""
_MUCH = 3.0
"""Per cent of a window, by our own count since the last reading: the more is estimated, the sooner it is asked for."""
_LEASE_S = 30.0
_FRESH_S = 0.5
"""Readings are looked up in the database at most this often."""
_HISTORY_S = 2 * 86_400.0
"""Readings of so long teach what a call takes, and how fast other tools go."""
_MARGIN_S = 5.0
"""Two clocks: a window is taken for refilled a little after it is said to be."""
_PEAK_AHEAD_S = 2 * 3600.0
"""So long before they begin, peak hours are told."""
_SAME_S = 60.0
"""Two times of refilling that lie no farther apart are one."""
_REOPENED_BELOW = 90.0
"""Per cent used below which a reading of a larger plan contradicts an earlier refusal."""
_LEVELS: Mapping[str, PlanName] = {"lite": "lite", "pro": "pro", "max": "max"}
_OURS: Mapping[str, str] = {"5h": "1308", "week": "1310"}
"""The codes with which the service itself would refuse for a spent window."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person, told once for all processes."""

    severity: Literal["info", "warning", "error"]
    text: str


class Gauge:
    """The windows of one user's accounts, as one process sees them."""

    def __init__(
        self,
        config: Callable[[], Config],
        *,
        catalogue: Catalogue,
        clock: Clock,
        ledger: Ledger,
        slot: Slot,
        readings: Readings,
        notices: Notices,
        monitor: Monitor,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        """Called when there is a new reading, or when the account was closed."""
        self.on_notice: Callable[[Notice], None] | None = None
        """Tells the person; while it is None nothing is marked as told."""
        self._config = config
        self._catalogue = catalogue
        self._clock = clock
        self._ledger = ledger
        self._slot = slot
        self._readings = readings
        self._notices = notices
        self._monitor = monitor
        self._known: dict[str, _Known] = {}
        self._low: dict[tuple[str, WindowName], tuple[float, int]] = {}
        """Windows that the person was told of: when they refill, and the highest threshold."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._wanted = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    # -- what is known ---------------------------------------------------------------------------------------

    def readings(self, label: str) -> tuple[Reading, ...]:
        """The readings of the last days, oldest first; nothing when the database cannot be read."""
        return self._look(label).readings

    def windows(self, account: Account, history: History | None = None) -> tuple[Window, ...]:
        """The windows now; a person's own budget is one of them. Closures are not looked at (`with_spent`)."""
        now, known = self._clock.now(), self._look(account.label)
        history = history or self._ledger.history(account.label)
        settings = self._config().settings
        plan = self._windows_of(account, known.readings)
        found = quota.windows_at(plan.values(), history, known.readings, now, learnt=known.learnt)
        budget = quota.budget_window(settings.budget_daily, settings.budget_monthly, history, now)
        return (*found, budget) if budget is not None else found

    def forecasts(
        self, account: Account, windows: Iterable[Window], history: History | None = None
    ) -> tuple[Forecast, ...]:
        """Where *windows* are going."""
        now, known = self._clock.now(), self._look(account.label)
        history = history or self._ledger.history(account.label)
        plan = self._windows_of(account, known.readings)
        return tuple(
            quota.forecast(window, plan.get(window.name), history, known.readings, now, learnt=known.learnt)
            for window in windows
        )

    def quota(self, account: Account, lane: Lane, history: History) -> throttle.Quota:
        """What the throttle must know for a request of *lane*."""
        settings, now = self._config().settings, self._clock.now()
        windows = self.windows(account, history)
        bounds = bounds_of(settings)
        if lane is not Lane.TYPING:
            return throttle.Quota(windows, bounds)
        known = self._look(account.label)
        plan = self._windows_of(account, known.readings)
        typed = history.between(now - throttle.PACED_S, now + throttle.PACED_S, lane)
        runs_out = frozenset(
            f.name for f in self.forecasts(account, windows, history) if f.ends_at is not None
        )
        return throttle.Quota(
            windows,
            bounds,
            typed={w.name: quota.percent_of(typed, w, plan.get(w.name), known.learnt) for w in windows},
            runs_out=runs_out,
            is_peak=self.is_peak(windows),
        )

    def stretch(self, account: Account) -> float:
        """By how much pauses in typing are longer now (`throttle.stretch`)."""
        windows = self.windows(account)
        return throttle.stretch(windows, bounds_of(self._config().settings), is_peak=self.is_peak(windows))

    def is_peak(self, windows: Iterable[Window]) -> bool:
        """Does a request take more from any of *windows* now than at other hours?"""
        now, peak = self._clock.now(), self._catalogue.peak
        return any(
            (window.unit == "credits" and peak.covers(now))
            or (window.unit == "prompts" and peak.covers_prompts(now))
            for window in windows
        )

    def peak_text(self, windows: Iterable[Window]) -> str:
        """That requests take more now, and until when; or that they soon will. Empty where the hour changes nothing."""
        counted = {window.unit for window in windows} & {"credits", "prompts"}
        if not counted:
            return ""
        now, in_prompts = self._clock.now(), "prompts" in counted
        changes = self._catalogue.peak.changes_at(now, prompts=in_prompts)
        is_peak = self.is_peak(windows)
        if not is_peak and changes - now > _PEAK_AHEAD_S:
            return ""
        return say("quota.peak_until" if is_peak else "quota.peak_from", when=local_time(changes, now))

    def trouble(self, account: Account) -> str:
        """Why there is no fresh reading, as a sentence; empty when there is one, or where none can be expected."""
        why = self._readings.trouble(account.label)
        is_foreign = account.plan == "payg" and not self._catalogue.is_vendor(account.base_url)
        if not why or is_foreign:
            return ""
        return NoReading(why=why, host=account.host).user_text

    def level(self, label: str) -> str:
        """The plan in the service's word; empty when it did not say."""
        return next((r.level for r in reversed(self.readings(label)) if r.level), "")

    def _windows_of(self, account: Account, readings: tuple[Reading, ...]) -> Mapping[str, PlanWindow]:
        """The catalogue's windows by name: those of the plan that the service names, else of the one in the settings."""
        last = readings[-1] if readings else None
        level = _LEVELS.get(last.level) if last is not None and last.windows else None
        plan = self._catalogue.plan(level or account.plan)
        return {window.name: window for window in plan.windows}

    def _look(self, label: str) -> _Known:
        """The readings, looked up anew when they may have changed."""
        now = self._clock.now()
        known = self._known.get(label)
        if known is not None and 0 <= now - known.looked_at < _FRESH_S:
            return known
        try:
            readings = self._readings.history(label, now - _HISTORY_S)
        except StateUnusable as error:
            _log.warning("gauge.no_readings %s", error)
            readings = known.readings if known is not None else ()
        if known is not None and known.readings[-1:] == readings[-1:]:
            known = replace(known, looked_at=now)
        else:
            known = _Known(readings, self._learnt(label, readings), now)
        self._known[label] = known
        return known

    def _learnt(self, label: str, readings: tuple[Reading, ...]) -> Mapping[str, float]:
        """How many prompts of each window a call takes, as far as readings prove it."""
        last = readings[-1] if readings else None
        counted = [w.name for w in last.windows if w.unit == "prompts"] if last is not None else []
        if last is None or not counted:
            return {}
        plan = self._catalogue.plan(_LEVELS.get(last.level, "lite"))
        limits = {window.name: window.prompts for window in plan.windows}
        history = self._ledger.history(label)
        return {
            name: quota.prompts_a_call(name, limits[name], history, readings)
            for name in counted
            if name in limits
        }

    # -- asking the service ----------------------------------------------------------------------------------

    def watch(self) -> None:
        """Ask now and then from here on, as long as requests are made; and say what has to be said."""
        if self._watcher is None:
            self._watcher = asyncio.ensure_future(self._watch())

    async def aclose(self) -> None:
        """Ask no more."""
        tasks = [*self._asking.values(), *([self._watcher] if self._watcher is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watcher = None

    def refused(self, account: Account, error: ZaiError) -> None:
        """The service refused a request: what it says of the quota is worth asking for."""
        if error.code == FAIR_USE and self.on_notice is not None:
            self.on_notice(Notice("error", error.user_text))
        if error.scope == "account":
            self._wanted.set()
            self.on_change()

    async def refresh(self, account: Account, *, every_s: float = _MANUAL_S) -> None:
        """A new reading, unless there is one of the last *every_s* seconds, or another process is at it. Never fails.

        A question of this process that is under way is waited for: its answer is as good.
        """
        asking = self._asking.get(account.label)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(account, every_s))
            self._asking[account.label] = asking
            asking.add_done_callback(lambda _: self._asking.pop(account.label, None))
        await asyncio.shield(asking)

    async def _ask(self, account: Account, every_s: float) -> None:
        try:
            if not self._readings.claim(account.label, every_s=every_s, lease_s=_LEASE_S):
                return
            try:
                told = await self._answer(account)
            except NoReading as error:
                self._readings.failed(account.label, error.why, error.retry_after_s)
                self.on_change()
                return
            self._readings.put(account.label, told.reading, bearer=told.bearer)
            self._known.pop(account.label, None)
            self._obey(account, told.reading)
        except StateUnusable as error:
            _log.warning("gauge.not_read %s", error)
            return
        self.on_change()

    async def _answer(self, account: Account) -> Told:
        """What the service tells: the windows of a plan, else, where tokens are paid for, the money that is left."""
        bearer = self._readings.bearer(account.label)
        try:
            return await self._monitor.read(account, bearer=bearer)
        except NoReading as error:
            if error.why != "no_plan" or account.plan != "payg":
                raise
        return await self._monitor.balance(account, bearer=bearer)

    def _obey(self, account: Account, reading: Reading) -> None:
        """What a reading calls used up is closed for every process.

        What an earlier refusal closed is opened again only when the plan is another one since: a reading may lag behind the
        refusal, and of some limits (a month's, a spending cap) the endpoint says nothing.
        """
        now = self._clock.now()
        closures = [c for c in self._slot.closures(account.label) if c.until > now]
        before = next(
            (r for r in reversed(self.readings(account.label)) if r.windows and r.at < reading.at), None
        )
        for window in reading.windows:
            percent, code = window.used_percent, _OURS.get(window.name)
            if percent is None or code is None:
                continue
            if percent >= 100 and window.resets_at is not None and window.resets_at > now:
                until = window.resets_at + _MARGIN_S
                reason = say("error.quota_exhausted", window=told(window.name), code=code)
                self._slot.close(account.label, until, code, reason=reason)
            elif percent < _REOPENED_BELOW and before is not None and _is_larger(before, reading, window):
                for closure in closures:
                    known = self._catalogue.codes.get(closure.code)
                    if known is not None and known.window == window.name:
                        self._slot.reopen(account.label, closure.code)

    async def _watch(self) -> None:
        while True:
            account = self._config().account
            if account is not None:
                try:
                    await self._ask_if_due(account)
                    self._tell(account)
                    self.on_change()
                    self._ledger.tidy()
                except StateUnusable as error:
                    _log.warning("gauge.not_watched %s", error)
            tick = asyncio.ensure_future(self._clock.sleep(_TICK_S))
            wanted = asyncio.ensure_future(self._wanted.wait())
            try:
                await asyncio.wait((tick, wanted), return_when=asyncio.FIRST_COMPLETED)
            finally:
                tick.cancel()
                wanted.cancel()

    async def _ask_if_due(self, account: Account) -> None:
        minutes = self._config().settings.quota_poll_minutes
        wanted = self._wanted.is_set()
        self._wanted.clear()
        if minutes <= 0:
            return
        now = self._clock.now()
        history = self._ledger.history(account.label)
        last_sent = history.last()
        is_active = last_sent is not None and now - last_sent < _ACTIVE_S
        readings = self.readings(account.label)
        if not readings or wanted:
            await self.refresh(account, every_s=_SOON_S)
        elif is_active:
            much = self._estimated_since(account, readings[-1], history) >= _MUCH
            await self.refresh(account, every_s=_SOON_S if much else minutes * 60)

    def _estimated_since(self, account: Account, reading: Reading, history: History) -> float:
        """Per cent of the window of which most was used since *reading*, by our own count."""
        plan = self._windows_of(account, (reading,))
        learnt = self._look(account.label).learnt
        amount = history.unsettled_at(reading.at)
        return max(
            (quota.percent_of(amount, w, plan.get(w.name), learnt) for w in reading.windows), default=0.0
        )

    # -- what a person is told once --------------------------------------------------------------------------

    def _tell(self, account: Account) -> None:
        """The thresholds that were crossed since, and the windows that are back."""
        if self.on_notice is None or not self._config().settings.quota_notices:
            return
        windows = with_spent(self.windows(account), self._slot.closures(account.label), self._catalogue)
        for window in windows:
            key = (account.label, window.name)
            low = self._low.get(key)
            used = window.used_percent
            if low is not None and self._clock.now() >= low[0] and used is not None and used < THRESHOLDS[0]:
                del self._low[key]
                if low[1] >= THRESHOLDS[1] and self._notices.first(account.label, window.name, low[0], _BACK):
                    self.on_notice(Notice("info", say("notice.back", window=_named(window))))
            crossed = max((t for t in THRESHOLDS if used is not None and used >= t), default=0)
            if not crossed or window.resets_at is None:
                continue
            if low is None or low[1] < crossed or abs(low[0] - window.resets_at) > _SAME_S:
                self._low[key] = (window.resets_at, crossed)
                first = [
                    t
                    for t in THRESHOLDS
                    if t <= crossed and self._notices.first(account.label, window.name, window.resets_at, t)
                ]
                if crossed in first:
                    self.on_notice(self._notice(window, crossed))

    def _notice(self, window: Window, crossed: int) -> Notice:
        when = local_time(window.resets_at, self._clock.now()) if window.resets_at is not None else ""
        bounds = bounds_of(self._config().settings)
        used = window.used_percent or 0.0
        if crossed >= 100:
            return Notice("warning", say("notice.spent", window=_named(window), when=when))
        key = "notice.reserve" if 100 - used <= bounds.reserve and window.unit != "calls" else "notice.used"
        return Notice("warning", say(key, window=_named(window), percent=f"{used:.0f}", when=when))


def _is_larger(before: Reading, reading: Reading, window: Window) -> bool:
    """Has the account another plan than *before*, or a larger *window*?"""
    earlier = next((w for w in before.windows if w.name == window.name), None)
    is_renamed = bool(before.level and reading.level and before.level != reading.level)
    is_wider = (
        earlier is not None
        and earlier.limit is not None
        and window.limit is not None
        and window.limit > 1.01 * earlier.limit
    )
    return is_renamed or is_wider


@dataclass(frozen=True, slots=True)
class _Known:
    """What was last looked up of an account."""

    readings: tuple[Reading, ...]
    learnt: Mapping[str, float]
    looked_at: float


def _named(window: Window) -> str:
    """A window in a person's words."""
    return say(f"window.{window.name}")


def bounds_of(settings: Settings) -> throttle.Bounds:
    """The profile's bounds, and what of them a person has set otherwise."""
    bounds = throttle.PROFILES[settings.throttle_profile]
    own = {
        "stretch_from": settings.throttle_stretch_from,
        "pace_from": settings.throttle_pace_from,
        "reserve": settings.throttle_reserve,
    }
    bounds = replace(bounds, **{name: value for name, value in own.items() if value >= 0})
    longest = settings.throttle_longest_stretch
    return replace(bounds, longest_stretch=max(1.0, longest)) if longest > 0 else bounds


def with_spent(
    windows: Iterable[Window], closures: Iterable[Closure], catalogue: Catalogue
) -> tuple[Window, ...]:
    """*windows* as the service's own refusals correct them: one that it calls used up is, whatever we have counted."""
    spent: dict[str, float] = {}
    for closure in closures:
        code = catalogue.codes.get(closure.code)
        if code is not None and code.window in _OURS and not closure.model:
            spent[code.window] = max(closure.until, spent.get(code.window, 0.0))
    known = [
        replace(w, used_percent=100.0, used=w.limit, resets_at=spent.pop(w.name), source="reported")
        if w.name in spent
        else w
        for w in windows
    ]
    from zai_ls.domain import Window

    return (
        *known,
        *(Window(cast("WindowName", name), 100.0, until, "reported") for name, until in spent.items()),
    )
