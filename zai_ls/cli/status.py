"""`zai-ls status`: who waits, what is in flight, what is closed, what is left."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import local, status_of, window_text
from zai_ls.cli.exits import Exit
from zai_ls.cli.public import window_row
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.assistant import AccountStatus


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    parser.add_argument("--json", action="store_true", help=say("help.json"))


def run(args: argparse.Namespace) -> int:
    """Print the account's state."""
    status = status_of(args)
    if args.json:
        printing.print_json({**asdict(status), "windows": [window_row(w) for w in status.windows]})
    else:
        print("\n".join(lines(status, debug=args.debug)))
    return Exit.DONE


def lines(status: AccountStatus, *, debug: bool = False) -> list[str]:
    """The state, sentence by sentence. *debug*: with what goes on in this very process, which is not the account."""
    out = [say("status.account", account=status.account, host=status.host, plan=status.plan)]
    out.append(say("status.line", in_flight=status.in_flight, waiting=status.waiting))
    if status.paused:
        out.append(say("error.paused"))
    elif status.closed_reason:
        out.append(status.closed_reason)
    if not status.paused and status.closed_until is not None:
        out.append(say("error.resumes", when=local(status.closed_until)))
    out.extend(window_text(window) for window in status.windows)
    if debug:
        out.append(say("status.this_process", dispatcher=status.dispatcher))
    return out
