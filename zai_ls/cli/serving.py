"""Serving one editor: the language server at once, the assistant as soon as the editor waits for nothing.

Until `initialize` is answered neither the assistant is imported nor the configuration read.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.errors import NoKey, ZaiError
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from io import TextIOWrapper

    from zai_ls import config as configuring
    from zai_ls.assistant import AccountStatus, Decision, Editor, Progress
    from zai_ls.assistant.gauge import Notice
    from zai_ls.assistant.plan import Preview
    from zai_ls.assistant.ports import Status, Texts
    from zai_ls.cli.wiring import App
    from zai_ls.domain import (
        Ask,
        Change,
        Completed,
        CompletionAsk,
        Declined,
        Diagnostic,
        Offer,
        Outcome,
        Range,
        Snapshot,
    )

_COLLECT_OFTEN = gc.get_threshold()
_COLLECT_SELDOM = (20_000, 50, 1_000)
"""While thousands of classes are made that stay for good: a collector that looks at them finds little. (Not at all would
leave 9 MiB of what it does find.)"""


class Late:
    """The assistant, built when the editor waits for nothing any more: `initialize` is answered before."""

    def __init__(self, read: Callable[[], configuring.Config]) -> None:
        self._read = read
        self._config: configuring.Config | None = None
        self.roots: tuple[str, ...] = ()
        """The folders open in the editor."""
        self.warn: Callable[[Iterable[str]], None] = lambda _: None
        """Tells the person sentences, each once; set when there is an editor to tell them in."""
        self._tightened: configuring.Config | None = None
        self._app: App | None = None
        self.show_status: Callable[[Status], None] = lambda _: None
        """Tells the editor's status line; set when there is an editor."""
        self.asks_for_key: Callable[[], bool] = lambda: False
        """Whether the editor itself asks for a key that is missing."""
        self.editor_name: Callable[[], str] = lambda: "lsp"
        """What the editor calls itself; the ledger has it with each request."""
        self.teller: Callable[[], Callable[[Notice], None] | None] = lambda: None
        """Who tells the person about quota; None where a status line shows it."""
        self._ready: asyncio.Task[None] | None = None
        self._line = asyncio.Lock()
        """Of completions that wait for that."""
        self._fills: set[asyncio.Task[Completed]] = set()
        """Those for whom nobody waits."""

    @property
    def config(self) -> configuring.Config:
        """As read, when it is first asked for; a project's file has not tightened it."""
        if self._config is None:
            config = self._read()
            unusable = log_to(config)
            if unusable:
                from zai_ls.settings import Origin, Problem

                problem = Problem("logFile", "file", unusable, Origin(config.sources["logFile"]))
                config = replace(config, problems=(*config.problems, problem))
            self._config = config
        return self._config

    @property
    def _in_force(self) -> configuring.Config:
        return self._tightened or self.config

    def app(self) -> App:
        """Wire up, once. Raises `StateUnusable`."""
        if self._app is None:
            from zai_ls.cli.wiring import build

            self._app = build(self._in_force, editor_name=self.editor_name(), on_status=self.show_status)
            self._app.assistant.configure(self._in_force, roots=self.roots)
        return self._app

    def take_settings(self, values: Mapping[str, object]) -> Iterable[str]:
        """The editor's settings have come or changed; sentences about what is not accepted, wherever it stands."""
        self._configure(self.config.with_editor(values))
        return [problem.text for problem in self._in_force.problems]

    def take_folders(self, folders: tuple[str, ...]) -> None:
        """The folders open in the editor; paths are told to the model relative to them."""
        self.roots = folders
        self._configure(self.config)

    def _configure(self, config: configuring.Config) -> None:
        """*config* from now on. Each folder's own file may tighten it, for all of them: one server serves them together."""
        from zai_ls.config import tighten

        self._config = config
        config = _no_looser(config)
        for root in self.roots:
            settings, problems = tighten(config.settings, Path(root))
            config = replace(config, settings=settings, problems=(*config.problems, *problems))
        self._tightened = config
        if self._app is not None:
            self._app.assistant.configure(config, roots=self.roots)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        if self._app is not None:
            self._app.assistant.forget(uri)

    def shown_in(self) -> Path:
        """Where texts to read are written."""
        return self.config.state_dir / "shown"

    def begin(self) -> None:
        """The editor waits for nothing: find the key, which may take seconds, and warm up."""
        gc.set_threshold(*_COLLECT_OFTEN)
        self._ready = asyncio.ensure_future(self._begin())

    async def _begin(self) -> None:
        account = self.config.account
        # This machine's own addresses need no key; whoever names a command has one all the same.
        if account is None or (not account.key and self.config.settings.api_key_command):
            self._configure(await asyncio.to_thread(self.config.with_key))
            self.warn([problem.text for problem in self._in_force.problems])
            missing = self.config.no_account
            if missing is not None and not (isinstance(missing, NoKey) and self.asks_for_key()):
                self.warn([missing.user_text])
        app = self.app()
        app.board.completions(app.assistant.completer.status())
        app.gauge.on_notice = self.teller()
        app.gauge.watch()
        if self.config.account is not None:
            await app.client.warm(self.config.account)
        # By now all is loaded that stays. What was made in vain on the way goes, the rest need not be looked at again.
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    async def _settled(self) -> None:
        if self._ready is not None:
            await asyncio.shield(self._ready)

    # -- what the server asks of the assistant --------------------------------------------------------------

    def offers(
        self,
        snapshot: Snapshot,
        range_: Range,
        diagnostics: tuple[Diagnostic, ...],
        automatic: bool,
        only: tuple[str, ...] | None,
        /,
    ) -> tuple[Offer, ...]:
        """What can be had."""
        return self.app().assistant.offers(snapshot, range_, diagnostics, automatic, only)

    def read_ahead(self, snapshot: Snapshot) -> None:
        """Make ready what a list of actions, and a prompt, for *snapshot* need."""
        self.app().assistant.read_ahead(snapshot)

    async def run(self, ask: Ask, editor: Editor, progress: Progress, /) -> Outcome:
        """Run an action, as soon as the key is known."""
        await self._settled()
        return await self.app().assistant.run(ask, editor, progress)

    async def complete(self, ask: CompletionAsk, texts: Texts, /) -> Completed:
        """Complete, as soon as the key is known; for who cannot wait it is made ready by then."""
        from zai_ls.assistant.ports import Status
        from zai_ls.core.completion.whether import quiet

        if ask.waits_s == 0 and self._ready is not None and not self._ready.done():
            task = asyncio.ensure_future(self.complete(replace(ask, waits_s=None, for_later=True), texts))
            self._fills.add(task)
            task.add_done_callback(self._fills.discard)
            return quiet("not_ready")
        # One behind the other: a wish that comes in the moment in which the key is known must not overtake those
        # that have waited for it, or they would count as the newer ones.
        try:
            async with self._line:
                await self._settled()
            completer = self.app().assistant.completer
        except ZaiError as error:
            # Whoever types is not told at every key: a status line is, and whoever asks why nothing comes.
            self.show_status(Status("problem", say("status.problem"), error.user_text))
            return quiet("failed", why=error.user_text)
        return await completer.complete(ask, texts)

    def menu_mode(self) -> str:
        """When completions are offered in the editor's menu."""
        return self._in_force.settings.completion_menu

    def text_changed(self, uri: str, changes: Sequence[Change], lines: Sequence[str], /) -> None:
        """The document has changed."""
        if self._app is not None:
            self._app.assistant.completer.changed(uri, changes, lines)

    def completion_accepted(self, proposal_id: str, /) -> None:
        """The person took a completion."""
        self.app().assistant.completer.accepted(proposal_id)

    def toggle_completions(self) -> bool:
        """Switch completions off or on again."""
        return self.app().assistant.completer.toggle()

    def explain_last(self) -> tuple[Decision, ...]:
        """The last decisions."""
        return self.app().assistant.explain_last()

    async def status(self) -> AccountStatus:
        """How the account stands, with a fresh reading if one can be had."""
        await self._settled()
        return await self.app().assistant.fresh_status()

    def models(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What can be chosen."""
        return self.app().assistant.models()

    async def quota_page(self, part: str, nonce: str, policy: str, /) -> Mapping[str, object] | None:
        """A part of the quota page."""
        from zai_ls.cli.page import parts

        if part == "page":
            return {"html": parts.document(nonce, policy)}
        if part == "words":
            return parts.words()
        if part != "data":
            return None
        await self._settled()
        app = self.app()
        return await parts.fresh_data(app, app.kit.account())

    def preview(self, ask: Ask, editor: Editor, /) -> Preview | Declined:
        """What would be sent."""
        return self.app().assistant.preview(ask, editor)

    def pause(self) -> None:
        """Stop all requests of the account."""
        self.app().assistant.pause()

    def resume(self) -> None:
        """Go on."""
        self.app().assistant.resume()

    async def aclose(self) -> None:
        """Leave."""
        for task in self._fills:
            task.cancel()
        if self._ready is not None:
            self._ready.cancel()
        if self._app is not None:
            await self._app.aclose()


def _no_looser(config: configuring.Config) -> configuring.Config:
    """*config* with what guards account and files no looser than without the editor: its settings may be a workspace's."""
    from zai_ls.settings import BY_KEY, Origin, Problem

    ours, theirs = config.with_editor({}).settings, config.settings
    patterns = tuple(dict.fromkeys((*ours.ignore_patterns, *theirs.ignore_patterns)))
    theirs = replace(theirs, ignore_patterns=patterns)
    config = replace(config, settings=theirs)
    slots, gap_ms = min(ours.slots, theirs.slots), max(ours.gap_ms, theirs.gap_ms)
    loosened = [
        key
        for key, now, then in (("slots", slots, theirs.slots), ("gapMs", gap_ms, theirs.gap_ms))
        if now != then
    ]
    if not loosened:
        return config
    problems = tuple(
        Problem(
            key,
            "value",
            say(
                "settings.only_stricter",
                key=key,
                ours=getattr(ours, BY_KEY[key].attribute),
                path=config.user_file,
            ),
            Origin.EDITOR,
        )
        for key in loosened
    )
    return replace(
        config,
        settings=replace(theirs, slots=slots, gap_ms=gap_ms),
        account=replace(config.account, slots=slots) if config.account else None,
        problems=(*config.problems, *problems),
    )


def serve(
    read: Callable[[], configuring.Config],
    *,
    tcp: tuple[str, int] | None = None,
    ws: tuple[str, int] | None = None,
) -> int:
    """Serve one editor, configured by what *read* returns when it is first needed; the exit code the protocol asks for."""
    gc.set_threshold(*_COLLECT_SELDOM)
    from zai_ls.lsp.server import Server
    from zai_ls.lsp.server import serve as serve_lsp

    late = Late(read)
    server = Server(
        late,
        on_settings=late.take_settings,
        on_folders=late.take_folders,
        on_ready=late.begin,
        on_text=late.read_ahead,
        on_closed=late.forget,
        shown_in=late.shown_in,
    )
    late.warn = server.warn
    late.show_status = server.status.show
    late.teller = server.quota_teller
    late.editor_name = server.editor_name
    late.asks_for_key = lambda: server.asks_for_key

    async def run() -> int:
        try:
            if tcp is not None:
                return await serve_lsp(server, "tcp", *tcp)
            if ws is not None:
                return await serve_lsp(server, "websocket", *ws)
            return await serve_lsp(server)
        finally:
            await late.aclose()

    return asyncio.run(run())


def log_to(config: configuring.Config) -> str:
    """Log as configured; standard output belongs to the protocol. Why the log file is not used, for a person, if so."""
    from zai_ls.state.folder import why_unsafe

    settings = config.settings
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    unusable = ""
    if settings.log_file:
        path = Path(settings.log_file).expanduser()
        # The log names files and accounts: it is for this user alone.
        why = why_unsafe(path, links=True)
        try:
            handler = handler if why else _LogFile(path, encoding="utf-8")
        except OSError as error:
            why = error.strerror or type(error).__name__
        if why:
            unusable = say("serve.log_unusable", path=path, why=why)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("zai_ls")
    logger.addHandler(handler)
    logger.setLevel(settings.log_level.upper())
    return unusable


class _LogFile(logging.FileHandler):
    """A file that is made for this user alone."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return open(
            self.baseFilename, "a", encoding="utf-8", opener=lambda path, _: os.open(path, flags, 0o600)
        )
