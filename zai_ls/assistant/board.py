"""What an editor's status line shows: put together from completions, running actions, quota and closures, when any of them changes."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from zai_ls.assistant.kit import BRIEF
from zai_ls.assistant.ports import Cooldown, Status, WindowStatus
from zai_ls.assistant.telling import course_of
from zai_ls.errors import NoKey, StateUnusable
from zai_ls.messages import say
from zai_ls.state.slot import FAIR_USE, PAUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Progress, Stage
    from zai_ls.core.throttle import Closure
    from zai_ls.domain import Account, Forecast, Window

_log = logging.getLogger(__name__)

_BAR = 12
"""Letters of a bar."""
_WARNED_FROM = 80.0
"""Per cent used from which a window is a warning."""


class Board:
    """The status of one process."""

    def __init__(self, kit: Kit, on_status: Callable[[Status], None]) -> None:
        self._kit = kit
        self._on_status = on_status
        self._completions = Status("ready", say("status.ready"))
        self._stages: dict[str, Stage] = {}
        """Of running actions, oldest first."""
        self._model = ""
        self._last_decline = ""

    # -- what is told ----------------------------------------------------------------------------------------

    def completions(self, status: Status) -> None:
        """How completions stand: state, text and detail."""
        self._completions = status
        self._model = status.model or self._model
        self.changed()

    def watched(self, key: str, progress: Progress) -> Progress:
        """*progress* of the action *key*, looked at on its way."""
        return _Watched(lambda stage: self._stage(key, stage), progress)

    def ended(self, key: str, decline: str = "") -> None:
        """The action *key* is over; *decline* says why it brought nothing."""
        self._stages.pop(key, None)
        self._last_decline = decline or self._last_decline
        self.changed()

    def declined(self, why: str) -> None:
        """A completion that a person asked for brought nothing."""
        self._last_decline = why

    def changed(self) -> None:
        """Something that is shown may be another now."""
        self._on_status(self.status())

    def _stage(self, key: str, stage: Stage) -> None:
        before = self._stages.get(key)
        self._stages[key] = stage
        self._model = stage.model or self._model
        if before is None or (before.kind, before.model, before.place) != (
            stage.kind,
            stage.model,
            stage.place,
        ):
            self.changed()

    # -- what is shown ---------------------------------------------------------------------------------------

    def status(self) -> Status:
        """All of it, now."""
        account = self._kit.config.account
        base = replace(self._completions, model=self._model, last_decline=self._last_decline)
        windows: tuple[Window, ...] = ()
        forecasts: Mapping[str, Forecast] = {}
        closures: list[Closure] = []
        if account is not None:
            try:
                windows = self._kit.windows(account)
                forecasts = {f.name: f for f in self._kit.gauge.forecasts(account, windows)}
                now = self._kit.clock.now()
                closures = [c for c in self._kit.slot.closures(account.label) if c.until > now]
            except StateUnusable as error:
                _log.warning("status.no_windows %s", error)
        shown = tuple(
            WindowStatus(
                w.name, w.used_percent, w.resets_at, w.source,
                forecasts[w.name].ends_at if w.name in forecasts else None,
            )
            for w in windows
        )  # fmt: skip
        if isinstance(self._kit.config.no_account, NoKey) and account is None:
            base = replace(base, needs="key")
        status = self._with_action(replace(base, windows=shown))
        status = self._with_closures(status, closures)
        fullest = max((w.used_percent or 0.0 for w in windows if w.unit != "calls"), default=0.0)
        if status.severity == "none" and fullest >= _WARNED_FROM:
            status = replace(status, severity="warning")
        if (
            status.state == "ready"
            and not self._stages
            and any(w.used_percent is not None for w in windows if w.unit != "calls")
        ):
            status = replace(status, text=say("status.ready_at", percent=f"{fullest:.0f}"))
        status = replace(status, forecast=self.forecast_text(windows, forecasts))
        return replace(status, tooltip=self._tooltip(status, account, windows, forecasts, closures))

    def _with_action(self, status: Status) -> Status:
        stage = next(reversed(self._stages.values()), None)
        if stage is None:
            return replace(status, severity="error") if status.state == "problem" else status
        if stage.kind == "waiting":
            text = say("status.waiting", place=stage.place)
            return replace(
                status, state="busy", text=text, place=stage.place, detail=stage.text or status.detail
            )
        if stage.kind == "review":  # it is the person's turn, and the account's place is free
            return replace(status, state="ready", text=say("status.review"), severity="info")
        text = say("status.working", model=stage.model or self._model)
        return replace(status, state="busy", text=text, severity="info")

    def _with_closures(self, status: Status, closures: Sequence[Closure]) -> Status:
        if any(c.code == PAUSED for c in closures):
            cooldown = Cooldown(None, say("error.paused"))
            return replace(
                status, state="paused", text=say("status.paused"), detail=cooldown.reason, cooldown=cooldown
            )
        told = [c for c in closures if c.code not in BRIEF]
        whole = [c for c in told if not c.model and not c.lane]
        last = max(whole or told, key=lambda c: c.until, default=None)
        if last is None:
            return status
        until = None if last.code == FAIR_USE else last.until
        cooldown = Cooldown(
            until, last.reason or say("error.closed_unsaid", code=last.code), last.model, last.lane
        )
        status = replace(status, cooldown=cooldown)
        if not whole:
            return status
        when = self._kit.local_time(until)
        text = say("status.closed_until", when=when) if until is not None else say("status.closed")
        return replace(status, state="closed", text=text, detail=cooldown.reason, severity="error")

    def forecast_text(self, windows: Sequence[Window], forecasts: Mapping[str, Forecast]) -> str:
        """The forecast that matters most: what ends first; else what comes back next, where much is used."""
        ending = [f for f in forecasts.values() if f.ends_at is not None]
        if ending:
            first = min(ending, key=lambda f: f.ends_at or 0.0)
            return say(
                "forecast.ends", window=say(f"window.{first.name}"), when=self._kit.local_time(first.ends_at)
            )
        used = [w for w in windows if (w.used_percent or 0.0) >= _WARNED_FROM and w.resets_at is not None]
        if used:
            first_back = min(used, key=lambda w: w.resets_at or 0.0)
            return say(
                "forecast.returns",
                window=say(f"window.{first_back.name}"),
                when=self._kit.local_time(first_back.resets_at),
            )
        return ""

    def _tooltip(
        self,
        status: Status,
        account: Account | None,
        windows: Sequence[Window],
        forecasts: Mapping[str, Forecast],
        closures: Sequence[Closure],
    ) -> str:
        lines = [f"**{status.text}**"]
        if status.detail:
            lines.append(status.detail)
        lines += [_bar(w) + self.window_line(w, forecasts.get(w.name)) for w in windows]
        if account is not None:
            if not windows:
                lines.append(say("lsp.quota_none"))
            lines += [text for text in (self._kit.gauge.peak_text(windows),) if text]
            trouble = self._kit.gauge.trouble(account)
            if trouble:
                lines.append(trouble)
            lines += [
                c.reason for c in closures if c.reason and c.code not in BRIEF and c.reason != status.detail
            ]
            lines.append(say("status.account", account=account.label, host=account.host, plan=account.plan))
        if status.model:
            lines.append(say("status.model", model=status.model))
        if status.last_decline:
            lines.append(say("status.last_decline", why=status.last_decline))
        return "\n\n".join(lines)

    def window_line(self, window: Window, forecast: Forecast | None) -> str:
        """A window in one line of words: how full, when it refills, where it is going, and who says so."""
        parts = [
            say("tell.window_unknown")
            if window.used_percent is None
            else say("tell.window_used", percent=f"{window.used_percent:.0f}")
        ]
        parts += course_of(window, forecast, self._kit.local_time)
        return f"{say(f'window.{window.name}')}: {say('join.list').join(parts)}"


def _bar(window: Window) -> str:
    """How full *window* is, as a bar of letters in Markdown; nothing when that is not known."""
    if window.used_percent is None:
        return ""
    full = min(_BAR, round(_BAR * window.used_percent / 100))
    return f"`{'█' * full}{'░' * (_BAR - full)}` "


class _Watched:
    """Progress that somebody else looks at too."""

    def __init__(self, look: Callable[[Stage], None], progress: Progress) -> None:
        self._look = look
        self._progress = progress

    def report(self, stage: Stage) -> None:
        """Tell both."""
        self._look(stage)
        self._progress.report(stage)
