"""`zai-ls quota`: what is left of each window, and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import status_of, window_row, window_text
from zai_ls.cli.exits import Exit
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the windows as JSON")
    how.add_argument("--line", action="store_true", help="print one line, for a status bar")


def run(args: argparse.Namespace) -> int:
    """Print the windows."""
    windows = status_of(args).windows
    if args.json:
        printing.print_json({"windows": [window_row(window) for window in windows]})
    elif args.line:
        print(" · ".join(f"{w.name} {_percent(w.used_percent)}" for w in windows) or say("quota.none"))
    else:
        print("\n".join(window_text(window) for window in windows) or say("quota.none"))
    return Exit.DONE


def _percent(used: float | None) -> str:
    return "?" if used is None else f"{used:.0f}%"
