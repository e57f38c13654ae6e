"""The account as the verbs see it: wired up for one question, and let go of."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from zai_ls.cli.flags import account_of, configuration, tell_problems
from zai_ls.clock import local_time

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from zai_ls.assistant import AccountStatus
    from zai_ls.cli.wiring import App
    from zai_ls.config import Config
    from zai_ls.domain import Account, Window

T = TypeVar("T")


def ask_app(
    args: argparse.Namespace, question: Callable[[App, Account], T], *, config: Config | None = None
) -> T:
    """The answer of the whole wired-up program to *question*. Raises the reason when there is no account."""
    if config is None:
        config = configuration(args)
        tell_problems(config)
    account = account_of(config)

    async def ask() -> T:
        from zai_ls.cli.wiring import build

        app = build(config, editor_name="zai-ls")
        try:
            return question(app, account)
        finally:
            await app.aclose()

    return asyncio.run(ask())


def status_of(args: argparse.Namespace) -> AccountStatus:
    """How the account stands."""
    return ask_app(args, lambda app, _account: app.assistant.status())


def window_row(window: Window) -> dict[str, object]:
    """A window in its public shape."""
    return {
        "name": window.name,
        "used_percent": window.used_percent,
        "resets_at": window.resets_at,
        "source": window.source,
    }


def window_text(window: Window) -> str:
    """A window as a short phrase: unknown is said, never shown as 0."""
    used = (
        "unknown"
        if window.used_percent is None
        else f"{window.used_percent:.{_digits(window.used_percent)}f} % used"
    )
    if window.used is not None and window.limit is not None:
        used += f" ({window.used:,.1f} of {window.limit:,.0f} {window.unit})"
    resets = "" if window.resets_at is None else f", resets {local(window.resets_at)}"
    return f"{window.name}: {used}{resets} ({window.source})"


def _digits(percent: float) -> int:
    """A little use must not look like none."""
    return 2 if 0 < percent < 1 else 0


def local(at: float) -> str:
    """A time in the reader's own zone; with its day when it is not today."""
    return local_time(at, time.time())
