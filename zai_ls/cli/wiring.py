"""The one place where everything is wired together: plain constructor calls, nothing looked up, nothing global."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.assistant import Assistant, Kit
from zai_ls.clock import SystemClock
from zai_ls.dispatch import Cost, Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zai_ls import config as configuring
    from zai_ls.assistant import AccountStatus, Decision, Editor, Progress
    from zai_ls.assistant.plan import Plan
    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.domain import (
        Account,
        Ask,
        Declined,
        Diagnostic,
        Offer,
        Outcome,
        Range,
        Snapshot,
        Usage,
        Window,
    )
    from zai_ls.glm.client import Client
    from zai_ls.glm.dialect import WireRequest
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.slot import Slot

_log = logging.getLogger(__name__)

_WEEK_S = 7 * 86_400.0


@dataclass(slots=True)
class App:
    """One process of zai-ls, wired up."""

    assistant: Assistant
    kit: Kit
    client: Client

    @property
    def dispatcher(self) -> Dispatcher:
        """The road to the service."""
        return self.kit.dispatcher

    @property
    def slot(self) -> Slot:
        """The right to have a request in flight."""
        return self.kit.slot

    @property
    def ledger(self) -> Ledger:
        """What was sent and what it cost."""
        return self.kit.ledger

    async def aclose(self) -> None:
        """Leave the line, close connections and the database."""
        await self.kit.slot.aclose()
        await self.client.aclose()
        self.kit.ledger.close()


def build(config: configuring.Config, *, editor_name: str, clock: Clock | None = None) -> App:
    """Everything for one process. Raises `StateUnusable` when the state folder cannot be used."""
    from zai_ls import __version__
    from zai_ls.catalogue import Catalogue
    from zai_ls.core.syntax import Syntax
    from zai_ls.glm.client import Client, Timeouts
    from zai_ls.state.answers import Answers
    from zai_ls.state.db import Database
    from zai_ls.state.folder import prepare
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.slot_local import LocalSlot

    clock = clock or SystemClock()
    settings = config.settings
    catalogue = Catalogue.load()
    folder = prepare(config.state_dir)
    database = Database(folder, on_message=_log.warning)
    slot = LocalSlot(
        database, folder, clock, slots_of=lambda _account: settings.slots, gap_s=settings.gap_ms / 1000
    )
    ledger = Ledger(database, clock)
    client = Client(
        clock,
        f"zai-ls/{__version__}",
        timeouts=Timeouts(
            connect=settings.timeouts_connect,
            first_byte=settings.timeouts_first_byte,
            between=settings.timeouts_idle,
            total=settings.timeouts_total,
        ),
    )
    dispatcher = Dispatcher(slot=slot, ledger=ledger, client=client, clock=clock, cost_of=cost_in(catalogue))
    kit = Kit(
        config=config,
        catalogue=catalogue,
        syntax=Syntax(),
        clock=clock,
        dispatcher=dispatcher,
        slot=slot,
        ledger=ledger,
        answers=Answers(folder / "answers", clock, keep=settings.answers_keep, days=settings.answers_days),
        editor_name=editor_name,
    )
    return App(Assistant(kit, windows_of(kit)), kit, client)


def cost_in(catalogue: Catalogue) -> Callable[[Account, str, Usage, float], Cost]:
    """What a request costs, by the catalogue's rates."""

    def cost_of(account: Account, model: str, usage: Usage, at: float) -> Cost:
        return Cost(
            credits=catalogue.credits(model, usage, at) if account.plan != "payg" else 0.0,
            money=(catalogue.price(model, usage) or 0.0) if account.plan == "payg" else 0.0,
        )

    return cost_of


def windows_of(kit: Kit) -> Callable[[str], tuple[Window, ...]]:
    """The account's quota windows, as far as this machine's own requests tell."""
    from zai_ls.core.quota import Spent, estimated

    def windows(label: str) -> tuple[Window, ...]:
        account = kit.config.account
        plan = kit.catalogue.plan(account.plan if account else "payg")
        if not plan.windows:
            return ()
        now = kit.clock.now()
        spent = [Spent(at, cost) for at, cost in kit.ledger.costs(label, since=now - 2 * _WEEK_S)]
        return estimated(plan.windows, spent, now)

    return windows


# -- the language server --------------------------------------------------------------------------------------


class _Late:
    """The assistant, built when the editor waits for nothing any more: `initialize` is answered before."""

    def __init__(self, config: configuring.Config) -> None:
        self.config = config
        """As read; a project's file has not tightened it."""
        self.root: str | None = None
        self.warn: Callable[[Iterable[str]], None] = lambda _: None
        """Tells the person sentences, each once; set when there is an editor to tell them in."""
        self._in_force = config
        self._app: App | None = None
        self._ready: asyncio.Task[None] | None = None

    def app(self) -> App:
        """Wire up, once. Raises `StateUnusable`."""
        if self._app is None:
            self._app = build(self._in_force, editor_name="lsp")
            self._app.assistant.configure(self._in_force, root=self.root)
        return self._app

    def take_settings(self, values: Mapping[str, object]) -> Iterable[str]:
        """The editor's settings have come or changed; sentences about what is not accepted, wherever it stands."""
        self._configure(self.config.with_editor(values))
        return [problem.text for problem in self._in_force.problems]

    def take_folders(self, folders: tuple[str, ...]) -> None:
        """The folders open in the editor; paths are told to the model relative to the first."""
        self.root = folders[0] if folders else None
        self._configure(self.config)

    def _configure(self, config: configuring.Config) -> None:
        """*config* from now on; a project's own file may tighten it."""
        from zai_ls.config import tighten

        self.config = config
        if self.root is not None:
            settings, problems = tighten(config.settings, Path(self.root))
            config = replace(config, settings=settings, problems=(*config.problems, *problems))
        self._in_force = config
        if self._app is not None:
            self._app.assistant.configure(config, root=self.root)

    def begin(self) -> None:
        """The editor waits for nothing: find the key, which may take seconds, and warm up."""
        self._ready = asyncio.ensure_future(self._begin())

    async def _begin(self) -> None:
        if self.config.account is None:
            self._configure(await asyncio.to_thread(self.config.with_key))
            self.warn([problem.text for problem in self._in_force.problems])
            if self.config.no_account is not None:
                self.warn([self.config.no_account.user_text])
        app = self.app()
        if self.config.account is not None:
            await app.client.warm(self.config.account)

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

    async def run(self, ask: Ask, editor: Editor, progress: Progress, /) -> Outcome:
        """Run an action, as soon as the key is known."""
        await self._settled()
        return await self.app().assistant.run(ask, editor, progress)

    def explain_last(self) -> Decision | None:
        """The last decision."""
        return self.app().assistant.explain_last()

    def status(self) -> AccountStatus:
        """How the account stands."""
        return self.app().assistant.status()

    def preview(self, ask: Ask, editor: Editor, /) -> tuple[Plan, WireRequest] | Declined:
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
        if self._ready is not None:
            self._ready.cancel()
        if self._app is not None:
            await self._app.aclose()


def serve(
    config: configuring.Config, *, tcp: tuple[str, int] | None = None, ws: tuple[str, int] | None = None
) -> int:
    """Serve one editor; the exit code the protocol asks for."""
    from zai_ls.lsp.server import Server
    from zai_ls.lsp.server import serve as serve_lsp

    log_to(config)
    late = _Late(config)
    server = Server(
        late,
        on_settings=late.take_settings,
        on_folders=late.take_folders,
        on_ready=late.begin,
    )

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


def log_to(config: configuring.Config) -> None:
    """Log as configured; standard output belongs to the protocol."""
    settings = config.settings
    handler: logging.Handler = (
        logging.FileHandler(Path(settings.log_file).expanduser(), encoding="utf-8")
        if settings.log_file
        else logging.StreamHandler(sys.stderr)
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("zai_ls")
    logger.addHandler(handler)
    logger.setLevel(settings.log_level.upper())
