"""`zai-ls stats`: what this machine has sent, and what it cost, from the ledger."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import ask_app
from zai_ls.cli.exits import BadUse, Exit
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.state.ledger import Row

_DAY_S = 86_400.0
_HEAD = ("lane", "action", "model", "requests", "prompt", "cached", "reply", "credits", "money", "mean")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Since when, and how to print."""
    parser.add_argument("--days", metavar="N", type=float, default=7.0, help="of the last N days; default: 7")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")


def run(args: argparse.Namespace) -> int:
    """Print one row for each lane, action and model."""
    if not (math.isfinite(args.days) and args.days > 0):
        raise BadUse(say("stats.bad_days", given=f"{args.days:g}"))
    since = time.time() - args.days * _DAY_S
    rows = ask_app(args, lambda app, account: app.ledger.stats(account.label, since))
    if args.json:
        printing.print_json([asdict(row) for row in rows])
    elif rows:
        print("\n".join(table(rows)))
    else:
        printing.note(say("stats.none", days=f"{args.days:g}"))
    return Exit.DONE


def table(rows: tuple[Row, ...]) -> list[str]:
    """The rows in columns; numbers that we counted ourselves, in whole or in part, are marked with ~."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)  # names to the left, numbers to the right
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _cells(row: Row) -> tuple[str, ...]:
    sums = row.totals
    about = "~" if sums.estimated or sums.open else ""
    return (
        row.lane,
        row.action or "-",
        row.model,
        str(sums.requests),
        f"{about}{sums.prompt_tokens}",
        f"{about}{sums.cached_tokens}",
        f"{about}{sums.completion_tokens}",
        f"{about}{sums.credits:.2f}",
        f"{about}{sums.money:.4f}",
        f"{row.mean_s:.1f} s" if row.mean_s else "-",
    )
