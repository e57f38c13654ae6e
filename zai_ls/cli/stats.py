"""`zai-ls stats`: what this machine has sent, what it cost, and what became of completions, from the ledger."""

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
    from collections.abc import Sequence

    from zai_ls.state.ledger import Row
    from zai_ls.state.shown import CompletionRow

_DAY_S = 86_400.0
_HEAD = (
    "lane",
    "action",
    "model",
    "answered_by",
    "requests",
    "prompt",
    "cached",
    "reply",
    "credits",
    "money",
    "mean",
)
_COMPLETIONS_HEAD = ("model", "shown", "accepted", "typed", "rejected", "retained", "characters")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Since when, and how to print."""
    parser.add_argument("--days", metavar="N", type=float, default=7.0, help=say("help.days"))
    parser.add_argument("--json", action="store_true", help=say("help.json_rows"))


def run(args: argparse.Namespace) -> int:
    """Print one row for each lane, action, model and who answered in its place, then one for each model whose completions were shown."""
    if not (math.isfinite(args.days) and args.days > 0):
        raise BadUse(say("stats.bad_days", given=f"{args.days:g}"))
    since = time.time() - args.days * _DAY_S
    requests, completions = ask_app(
        args,
        lambda app, account: (
            app.ledger.stats(account.label, since),
            app.shown.completion_stats(account.label, since),
        ),
    )
    if args.json:
        printing.print_json(
            {
                "requests": [asdict(row) for row in requests],
                "completions": [asdict(row) for row in completions],
            }
        )
    elif requests or completions:
        tables = [table(requests) if requests else [], completions_table(completions) if completions else []]
        print("\n\n".join("\n".join(lines) for lines in tables if lines))
    else:
        printing.note(say("stats.none", days=f"{args.days:g}"))
    return Exit.DONE


def table(rows: tuple[Row, ...]) -> list[str]:
    """The rows in columns; numbers that we counted ourselves, in whole or in part, are marked with ~."""
    return _columns([_heads(_HEAD), *(_cells(row) for row in rows)], names=4)


def completions_table(rows: tuple[CompletionRow, ...]) -> list[str]:
    """The rows in columns: parts of those shown, and of those accepted of which it is known whether they were kept."""
    return _columns([_heads(_COMPLETIONS_HEAD), *(_completion_cells(row) for row in rows)], names=1)


def _columns(cells: Sequence[tuple[str, ...]], *, names: int) -> list[str]:
    """Lines of *cells*: the first *names* columns to the left, numbers to the right."""
    widths = [max(map(printing.columns, column)) for column in zip(*cells, strict=True)]
    rows = []
    for line in cells:
        blanks = [" " * (width - printing.columns(cell)) for cell, width in zip(line, widths, strict=True)]
        parts = [
            cell + blank if place < names else blank + cell
            for place, (cell, blank) in enumerate(zip(line, blanks, strict=True))
        ]
        rows.append("  ".join(parts).rstrip())
    return rows


def _heads(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(say(f"stats.head_{name}") for name in names)


def _cells(row: Row) -> tuple[str, ...]:
    sums = row.totals
    about = "~" if sums.estimated or sums.open else ""
    return (
        row.lane,
        row.action or "-",
        row.model,
        row.served_model or "-",
        str(sums.requests),
        f"{about}{sums.prompt_tokens}",
        f"{about}{sums.cached_tokens}",
        f"{about}{sums.completion_tokens}",
        f"{about}{sums.credits:.2f}",
        f"{about}{sums.money:.4f}",
        f"{row.mean_s:.1f} s" if row.mean_s else "-",
    )


def _completion_cells(row: CompletionRow) -> tuple[str, ...]:
    return (
        row.model,
        str(row.shown),
        f"{row.accepted} ({_percent(row.accepted, row.shown)})",
        str(row.typed),
        str(row.rejected),
        _percent(row.retained, row.retained_known),
        str(row.characters),
    )


def _percent(part: int, whole: int) -> str:
    """Unknown is never 0."""
    return f"{100 * part / whole:.0f} %" if whole else "-"
