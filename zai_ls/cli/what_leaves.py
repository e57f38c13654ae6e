"""`zai-ls what-leaves`: the request that an action would send, byte for byte but for the key; nothing is sent."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import ask_app
from zai_ls.cli.exits import Exit
from zai_ls.cli.flags import configuration, for_project, require_user_file, tell_problems
from zai_ls.cli.run import add_target, ask_of, check_action, editor_for, require_not_ignored
from zai_ls.cli.target import parse_target
from zai_ls.core.routing import COMPLETE
from zai_ls.domain import Declined
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.cli.wiring import App
    from zai_ls.domain import Account


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For which action, on what."""
    add_target(parser)
    parser.add_argument(
        "--action",
        metavar="ACTION",
        default="simplify",
        help=say("help.what_leaves_action"),
    )


def run(args: argparse.Namespace) -> int:
    """Print where it would go, which model and why to standard error, and the body to standard output.

    Into a file or a pipe the body goes byte for byte; on a terminal it is indented, for reading.
    Of each secret that was replaced, standard error tells line, kind and placeholder.
    """
    check_action(args, also=(COMPLETE,))
    config = configuration(args)
    require_user_file(config)
    tell_problems(config)
    config = for_project(config, parse_target(args.target).path)
    return ask_app(args, lambda app, account: show(args, app, account), config=config)


def show(args: argparse.Namespace, app: App, account: Account) -> Exit:
    """Print the request of *args*."""
    config = app.assistant.config
    require_not_ignored(app.kit, parse_target(args.target).path)
    editor = editor_for(config, write=False)
    made = app.assistant.preview(ask_of(args, editor, config), editor)
    if isinstance(made, Declined):
        printing.note(made.text)
        return Exit.DECLINED
    head = [
        f"POST {account.base_url}{made.request.path}",
        *(f"{name}: {value}" for name, value in made.request.headers),
    ]
    told = [
        say("what_leaves.replaced", line=each.line, kind=each.kind, placeholder=each.placeholder)
        if each.line is not None
        else say("what_leaves.replaced_elsewhere", kind=each.kind, placeholder=each.placeholder)
        for each in made.replaced
    ]
    told = [say("what_leaves.secrets", count=len(told)), *told, ""] if told else []
    lines = [*head, f"Authorization: {account.key!r}", "", made.choice.reason, "", *told]
    print("\n".join(lines), file=sys.stderr)
    if printing.is_terminal(sys.stdout):
        printing.print_json(json.loads(made.request.body))
        printing.note(say("what_leaves.indented"))
    else:
        printing.write_bytes(made.request.body)
    return Exit.DONE
