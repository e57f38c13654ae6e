"""The account as the verbs see it: wired up for one question, and let go of."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from zai_ls.cli.flags import account_of, configuration, tell_problems
from zai_ls.clock import local_time
from zai_ls.messages import say, told

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from zai_ls.assistant import AccountStatus
    from zai_ls.cli.wiring import App
    from zai_ls.config import Config
    from zai_ls.domain import Account, Window

T = TypeVar("T")


def ask_app(
    args: argparse.Namespace, question: Callable[[App, Account], T], *, config: Config | None = None
) -> T:
    """The answer of the whole wired-up program to *question*. Raises the reason when there is no account."""

    async def ask(app: App, account: Account) -> T:
        return question(app, account)

    return work_with_app(args, ask, config=config)


def work_with_app(
    args: argparse.Namespace,
    work: Callable[[App, Account], Awaitable[T]],
    *,
    config: Config | None = None,
) -> T:
    """What *work* makes of the whole wired-up program. Raises the reason when there is no account."""
    if config is None:
        config = configuration(args)
        tell_problems(config)
    in_force, account = config, account_of(config)

    async def go() -> T:
        from zai_ls.cli.wiring import build

        app = build(in_force, editor_name="zai-ls")
        try:
            return await work(app, account)
        finally:
            await app.aclose()

    return asyncio.run(go())


def status_of(args: argparse.Namespace) -> AccountStatus:
    """How the account stands."""
    return ask_app(args, lambda app, _account: app.assistant.status())


def window_text(window: Window) -> str:
    """A window as a short phrase: unknown is said, never shown as 0."""
    percent = window.used_percent
    used = (
        told("unknown")
        if percent is None
        else say("tell.window_used", percent=f"{percent:.{_digits(percent)}f}")
    )
    if window.used is not None and window.limit is not None:
        used += say(
            "status.window_amounts",
            used=f"{window.used:,.1f}",
            limit=f"{window.limit:,.0f}",
            unit=told(window.unit),
        )
    resets = "" if window.resets_at is None else say("tell.window_resets", when=local(window.resets_at))
    return say("status.window", name=told(window.name), used=used, resets=resets, source=told(window.source))


def _digits(percent: float) -> int:
    """A little use must not look like none."""
    return 2 if 0 < percent < 1 else 0


def local(at: float) -> str:
    """A time in the reader's own zone; with its day when it is not today."""
    return local_time(at, time.time())
