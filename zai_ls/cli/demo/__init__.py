"""`zai-ls demo`: two editor windows, one account, no key: what the whole thing is for, live."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zai_ls.cli.exits import Exit
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to work on, and against whom."""
    parser.add_argument(
        "target",
        nargs="?",
        metavar="FILE[:LINE-LINE]",
        help=say("help.demo_target"),
    )
    parser.add_argument("--action", metavar="ACTION", help=say("help.demo_action"))
    parser.add_argument(
        "--live",
        action="store_true",
        help=say("help.demo_live"),
    )


def run(args: argparse.Namespace) -> int:
    """Play the story; 0 when every action came to an end and never two requests were in flight."""
    from zai_ls.cli.demo.story import play
    from zai_ls.cli.run import check_action

    if args.action is not None:
        check_action(args)
    return Exit.DONE if asyncio.run(play(args)) else Exit.FAILED
