"""`zai-ls demo`: two editor windows, one account, no key: what the whole thing is for, live."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zai_ls.cli.exits import Exit

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to work on, and against whom."""
    parser.add_argument(
        "target",
        nargs="?",
        metavar="FILE[:LINE-LINE]",
        help="your own file, and lines of it; default: a file of zai-ls itself",
    )
    parser.add_argument("--action", metavar="ACTION", help="run this one; default: several at once")
    parser.add_argument(
        "--live",
        action="store_true",
        help="use the configured account instead of the emulator; this costs quota",
    )


def run(args: argparse.Namespace) -> int:
    """Play the story; 0 when every action came to an end and never two requests were in flight."""
    from zai_ls.cli.demo.story import play
    from zai_ls.cli.run import check_action

    if args.action is not None:
        check_action(args)
    return Exit.DONE if asyncio.run(play(args)) else Exit.FAILED
