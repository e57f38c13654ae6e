"""`zai-ls quota`: what is left of each window, where it is going, and what was spent on what."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import local, work_with_app
from zai_ls.cli.exits import Exit
from zai_ls.cli.gauges import lines
from zai_ls.cli.public import report_row
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.assistant.report import Report
    from zai_ls.cli.wiring import App
    from zai_ls.domain import Account

_PATIENCE_S = 12.0
"""For a fresh reading, when a person has asked."""
_LINE_PATIENCE_S = 2.0
"""The same for one line, which a status bar asks for again and again."""
_LINE_EVERY_S = 300.0
_WATCH_EVERY_S = 2.0
_WATCH_READ_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help=say("help.json"))
    how.add_argument("--line", action="store_true", help=say("help.quota_line"))
    how.add_argument("--watch", action="store_true", help=say("help.quota_watch"))
    how.add_argument(
        "--serve",
        metavar="PORT",
        nargs="?",
        type=int,
        const=0,
        help=say("help.quota_serve"),
    )


def run(args: argparse.Namespace) -> int:
    """Print the windows, or show them."""
    if args.serve is not None:
        from zai_ls.cli.page.serve import serve

        return serve(args, args.serve)
    if args.watch:
        return _watch(args)
    patience_s, every_s = (_LINE_PATIENCE_S, _LINE_EVERY_S) if args.line else (_PATIENCE_S, 30.0)
    found = work_with_app(args, lambda app, account: fresh_report(app, account, patience_s, every_s))
    if args.json:
        printing.print_json(report_row(found))
    elif args.line:
        print(_printable(line(found)))
    else:
        _print(found)
    return Exit.DONE


async def fresh_report(app: App, account: Account, patience_s: float, every_s: float) -> Report:
    """The report, with a reading that is no older than *every_s* if one can be had within *patience_s*."""
    from zai_ls.assistant.report import report

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await app.gauge.refresh(account, every_s=every_s)
    return report(app.kit, account)


def _watch(args: argparse.Namespace) -> int:
    is_terminal = printing.is_terminal(sys.stdout)

    async def watch(app: App, account: Account) -> None:
        if is_terminal:
            sys.stdout.write("\x1b[2J")
        while True:
            found = await fresh_report(app, account, _PATIENCE_S, _WATCH_READ_S)
            if is_terminal:
                sys.stdout.write("\x1b[H\x1b[J")  # top left, and clear from there
            _print(found)
            sys.stdout.flush()
            await asyncio.sleep(_WATCH_EVERY_S)

    with contextlib.suppress(KeyboardInterrupt):
        work_with_app(args, watch)
    return Exit.DONE


def _print(found: Report) -> None:
    """In colours and as wide as the terminal where a person looks, else plain."""
    from rich.console import Console

    if printing.is_terminal(sys.stdout):
        console = Console(highlight=False)
        for text in lines(found, console.width):
            console.print(text, soft_wrap=True)
        return
    printing.write_exactly("".join(f"{text.plain.rstrip()}\n" for text in lines(found, 100)))


def line(found: Report) -> str:
    """One short line: how full each window is, and when the fullest refills; or until when the account is closed."""
    if found.closed_reason:
        when = f" {local(found.closed_until)}" if found.closed_until is not None else ""
        return say("quota.line_closed", when=when)
    counted = [w for w in found.windows if w.unit != "calls"]
    spent = next((w for w in counted if w.name == "budget" and (w.used_percent or 0.0) >= 100), None)
    if spent is not None:
        return say("quota.line_closed", when=f" {local(spent.resets_at)}" if spent.resets_at else "")
    if not counted:
        return say("quota.none") if found.balance is None else f"GLM {_balance(found)}"
    parts = []
    fullest = max(counted, key=lambda w: w.used_percent or -1.0)
    for window in counted:
        used = "?" if window.used_percent is None else f"{window.used_percent:.0f}%"
        mark = "~" if window.source == "estimated" and window.used_percent is not None else ""
        when = ""
        if window is fullest and window.resets_at is not None and (window.used_percent or 0.0) >= 50:
            when = f" → {local(window.resets_at)}"
        parts.append(f"{window.name} {mark}{used}{when}")
    return f"GLM {' · '.join(parts)}"


def _printable(text: str) -> str:
    """*text* with plain signs where the terminal has no others: a `?` would mean "unknown" here."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return text.replace("·", "|").replace("→", "->").replace("¥", "CNY ")
    return text


def _balance(found: Report) -> str:
    from zai_ls.assistant.telling import money_text

    return money_text(found.balance or 0.0, found.currency)
