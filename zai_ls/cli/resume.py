"""`zai-ls resume`: requests may start again after a pause, or after the service stopped us for fair use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.cli.account import ask_app
from zai_ls.cli.exits import Exit
from zai_ls.messages import say
from zai_ls.state.pause import resume

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Open the account again."""
    ask_app(args, lambda app, account: resume(app.slot, account.label))
    print(say("resume.done"))
    return Exit.DONE
