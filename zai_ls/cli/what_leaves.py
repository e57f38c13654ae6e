"""`zai-ls what-leaves`: the request that an action would send, byte for byte but for the key; nothing is sent."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import ask_app
from zai_ls.cli.exits import Exit
from zai_ls.cli.run import add_target, ask_of, editor_for
from zai_ls.domain import Declined

if TYPE_CHECKING:
    import argparse

    from zai_ls.cli.wiring import App
    from zai_ls.domain import Account


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For which action, on what."""
    add_target(parser)
    parser.add_argument(
        "--action", metavar="ACTION", default="simplify", help="the action that would run; default: simplify"
    )


def run(args: argparse.Namespace) -> int:
    """Print where it would go, which model and why to standard error, and the body to standard output."""
    return ask_app(args, lambda app, account: show(args, app, account))


def show(args: argparse.Namespace, app: App, account: Account) -> Exit:
    """Print the request of *args*."""
    editor = editor_for(app.assistant.config, write=False)
    made = app.assistant.preview(ask_of(args, editor), editor)
    if isinstance(made, Declined):
        printing.note(made.text)
        return Exit.DECLINED
    plan, request = made
    head = [
        f"POST {account.base_url}{request.path}",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    print("\n".join([*head, f"Authorization: {account.key!r}", "", plan.choice.reason, ""]), file=sys.stderr)
    printing.print_json(json.loads(request.body))
    return Exit.DONE
