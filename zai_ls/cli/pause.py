"""`zai-ls pause`: no request of the account starts on this machine, in any editor, until `resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.cli.account import ask_app
from zai_ls.cli.exits import Exit
from zai_ls.messages import say
from zai_ls.state.pause import pause

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Close the account in the shared state, where every process sees it; what is in flight ends in peace."""
    ask_app(args, lambda app, account: pause(app.slot, account.label))
    print(say("pause.done"))
    return Exit.DONE
