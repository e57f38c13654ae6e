"""`workspace/executeCommand`: answered at once; the work runs in a background task that the server owns."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from zai_ls.clock import local_time
from zai_ls.core.actions import ACTIONS
from zai_ls.domain import Declined
from zai_ls.errors import Cancelled, Withdrawn, ZaiError
from zai_ls.lsp.code_actions import CANCEL, RUN
from zai_ls.lsp.completions import ACCEPTED
from zai_ls.lsp.convert import BadArgument, ask_from
from zai_ls.lsp.protocol import log_failure
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from zai_ls.assistant.ports import AccountStatus, Progress
    from zai_ls.clock import Clock
    from zai_ls.domain import Ask, Forecast, Window
    from zai_ls.lsp.assisting import Assisting
    from zai_ls.lsp.client import Client
    from zai_ls.lsp.documents import Documents
    from zai_ls.lsp.editor import ClientEditor
    from zai_ls.lsp.progress import ProgressBars

_log = logging.getLogger(__name__)

_STOP_S = 1.5
"""Most time for cancelled work to clean up at shutdown; then it is left behind."""


class Commands:
    """The public commands of one server, and the work they began."""

    def __init__(
        self,
        assistant: Assisting,
        documents: Documents,
        bars: ProgressBars,
        editor: Callable[[], ClientEditor],
        client: Callable[[], Client],
        clock: Clock,
    ) -> None:
        self._assistant = assistant
        self._documents = documents
        self._bars = bars
        self._editor = editor
        self._client = client
        self._clock = clock
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._count = itertools.count(1)

    def table(self) -> dict[str, Callable[..., Any]]:
        """Every public command by name; each takes one argument of any shape, or none."""
        return {
            RUN: self._run,
            CANCEL: self._cancel,
            "zai.explainLast": self._explain_last,
            "zai.showQuota": self._show_quota,
            "zai.showPrompt": self._show_prompt,
            "zai.pause": self._pause,
            "zai.resume": self._resume,
            "zai.toggleCompletions": self._toggle_completions,
            "zai.models": self._models,
            "zai.quotaPage": self._quota_page,
            ACCEPTED: self._completion_accepted,
        }

    def running(self) -> tuple[str, ...]:
        """Ids of what runs, oldest first."""
        return tuple(self._runs)

    async def stop(self) -> None:
        """Cancel all work and wait, for a while, until it has cleaned up."""
        tasks = [*self._runs.values(), *self._chores]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_S)

    # -- running an action ------------------------------------------------------------------------------

    def _run(self, argument: object = None) -> dict[str, str]:
        """`zai.run`: begin, and say under which id."""
        ask, _ = ask_from(argument, self._documents.snapshot_at, self._client().unit)
        run_id = f"{os.getpid()}-{next(self._count)}"
        task = asyncio.ensure_future(self._carry_out(run_id, ask))
        self._runs[run_id] = task
        # Not in the task itself: one that is cancelled before its first step never gets to its `finally`.
        task.add_done_callback(lambda _: self._runs.pop(run_id, None))
        return {"id": run_id}

    async def _carry_out(self, run_id: str, ask: Ask) -> None:
        progress = self._bars.begin(self._client(), progress_title(ask), lambda: self._cancel({"id": run_id}))
        try:
            await self._told_once(lambda: self._ask_assistant(ask, progress))
        finally:
            progress.end()

    async def _ask_assistant(self, ask: Ask, progress: Progress) -> None:
        await self._assistant.run(ask, self._editor(), progress)

    def _cancel(self, argument: object = None) -> dict[str, str | None]:
        """`zai.cancel`: that request, else the newest. Says which one; null when there was none."""
        wish = argument.get("id") if isinstance(argument, dict) else argument
        if wish is not None and not isinstance(wish, str | int):
            raise BadArgument("id: expected a string")
        run_id = next(reversed(self._runs), None) if wish is None else str(wish)
        task = self._runs.get(run_id) if run_id is not None else None
        if task is None:
            return {"id": None}
        task.cancel()
        return {"id": run_id}

    # -- asking how things stand ------------------------------------------------------------------------

    def _explain_last(self, _: object = None) -> None:
        decisions = self._assistant.explain_last()
        editor = self._editor()
        if not decisions:
            editor.tell("info", say("lsp.nothing_to_explain"))
            return
        title = say("lsp.last_request", action=decisions[0].ask.action)
        parts = [
            f"# {say('lsp.last_request', action=each.ask.action)}\n\n"
            + "\n".join(f"- {line}" for line in each.lines)
            for each in decisions
        ]
        self._begin(lambda: editor.show(title, "\n\n".join(parts) + "\n"))

    def _show_quota(self, _: object = None) -> None:
        self._begin(self._tell_quota)

    async def _tell_quota(self) -> None:
        self._editor().tell("info", quota_sentence(await self._assistant.status(), self._clock.now()))

    def _models(self, _: object = None) -> dict[str, object]:
        """`zai.models`: what the account's key may ask for, and what is chosen; empty: for each request anew."""
        chosen, models = self._assistant.models()
        return {"chosen": chosen, "models": [{"name": name, "note": note} for name, note in models]}

    async def _quota_page(self, argument: object = None) -> object:
        """`zai.quotaPage`: a part of the page that an editor shows in a view of its own."""
        fields = argument if isinstance(argument, dict) else {}
        part, nonce, policy = (str(fields.get(name) or "") for name in ("part", "nonce", "policy"))
        answer = await self._assistant.quota_page(part or "page", nonce, policy)
        if answer is None:
            raise BadArgument(f"part: expected page, words or data, got {part}")
        return answer

    def _show_prompt(self, argument: object = None) -> None:
        if argument is not None:
            ask, _ = ask_from(argument, self._documents.snapshot_at, self._client().unit)
        else:
            decisions = self._assistant.explain_last()
            if not decisions:
                self._editor().tell("info", say("lsp.nothing_to_explain"))
                return
            ask = decisions[0].ask
        self._begin(lambda: self._show_prompt_of(ask))

    async def _show_prompt_of(self, ask: Ask) -> None:
        editor = self._editor()
        preview = self._assistant.preview(ask, editor)
        if isinstance(preview, Declined):
            editor.tell("info", preview.text)
            return
        choice, prompt = preview.choice, preview.prompt
        title = say("lsp.prompt_title", action=ask.action, model=choice.model)
        reason = choice.reason
        if preview.replaced:
            reason += f"\n\n{say('what_leaves.secrets', count=len(preview.replaced))}"
        text = f"# {title}\n\n{reason}\n\n{prompt.system}\n\n---\n\n{prompt.user}\n"
        await editor.show(title, text, as_it_is=True)

    def _pause(self, _: object = None) -> None:
        self._begin(self._pause_account)

    async def _pause_account(self) -> None:
        self._assistant.pause()
        self._editor().tell("info", say("error.paused"))

    def _resume(self, _: object = None) -> None:
        self._begin(self._resume_account)

    async def _resume_account(self) -> None:
        self._assistant.resume()
        self._editor().tell("info", say("lsp.resumed"))

    # -- completions ------------------------------------------------------------------------------------

    def _toggle_completions(self, _: object = None) -> dict[str, bool]:
        on = self._assistant.toggle_completions()
        self._editor().tell("info", say("completion.switched_on" if on else "completion.switched_off"))
        return {"on": on}

    def _completion_accepted(self, argument: object = None) -> None:
        given = argument.get("id") if isinstance(argument, dict) else argument
        if not isinstance(given, str):
            raise BadArgument("id: expected a string")
        self._assistant.completion_accepted(given)

    # -- work in the background -------------------------------------------------------------------------

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(self._told_once(work))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _told_once(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work*; what goes wrong is told to the person, once, and goes no further."""
        try:
            await work()
        except Cancelled:
            pass  # The person did it.
        except Withdrawn as withdrawn:
            self._editor().tell("info", withdrawn.user_text)
        except ZaiError as error:
            self._editor().tell("error", error.user_text)
        except Exception as error:  # noqa: BLE001  (nobody awaits this task: here is the last place to say it)
            log_failure("A command", error)
            self._editor().tell("error", say("lsp.internal", what=type(error).__name__))


def progress_title(ask: Ask) -> str:
    """The action in the menu's words, and the file's name."""
    action = ACTIONS.get(ask.action)
    name = ask.uri.rpartition("/")[2]
    return say("lsp.progress") if action is None else action.title_for(unquote(name))


def quota_sentence(status: AccountStatus, now: float) -> str:
    """What is left, in one sentence with local times."""
    windows = "; ".join(_window(window, now) for window in status.windows) or say("lsp.quota_none")
    if status.paused:
        closed = say("lsp.quota_paused")
    elif status.closed_until is not None:
        resumes = say("error.resumes", when=local_time(status.closed_until, now))
        closed = say("lsp.quota_closed_until", reason=status.closed_reason, resumes=resumes)
    elif status.closed_reason:
        closed = say("lsp.quota_closed", reason=status.closed_reason)
    else:
        closed = ""
    return say(
        "lsp.quota",
        account=status.account,
        plan=status.plan,
        host=status.host,
        windows=windows,
        closed=closed + _ending(status.forecasts, now),
    )


def _ending(forecasts: Sequence[Forecast], now: float) -> str:
    """Which window will be used up before it refills, at the pace of late; empty when none will."""
    ending = [(f.ends_at, f.name) for f in forecasts if f.ends_at is not None]
    if not ending:
        return ""
    at, name = min(ending)
    return " " + say("forecast.ends", window=say(f"window.{name}"), when=local_time(at, now))


def _window(window: Window, now: float) -> str:
    used = (
        say("lsp.quota_unknown")
        if window.used_percent is None
        else say("lsp.quota_used", percent=round(window.used_percent))
    )
    text = say("lsp.quota_window", name=told(window.name), used=used)
    if window.resets_at is None:
        return text
    return say("lsp.quota_resets", window=text, when=local_time(window.resets_at, now))
