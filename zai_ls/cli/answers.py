"""`zai-ls answers`: what the model said and could not be applied; nothing is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.account import local
from zai_ls.cli.exits import BadUse, Exit
from zai_ls.cli.flags import configuration, tell_problems
from zai_ls.messages import say
from zai_ls.visible import visible

if TYPE_CHECKING:
    import argparse

    from zai_ls.state.answers import KeptAnswer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which answer; none lists them."""
    parser.add_argument("id", metavar="ID", nargs="?", help=say("help.answer_id"))
    parser.add_argument("--json", action="store_true", help=say("help.json_answers"))


def run(args: argparse.Namespace) -> int:
    """List the kept answers, the newest first, or print one so that it can be piped."""
    from zai_ls.clock import SystemClock
    from zai_ls.state.answers import Answers

    config = configuration(args, find_key=False)
    tell_problems(config, account=False)
    kept = Answers(
        config.state_dir / "answers",
        SystemClock(),
        keep=config.settings.answers_keep,
        days=config.settings.answers_days,
    )
    if args.id is None:
        return _list(kept.all(), as_json=args.json)
    answer = kept.get(args.id)
    if answer is None:
        raise BadUse(say("answers.unknown", id=args.id))
    if args.json:
        printing.print_json({**_row(answer), "text": answer.text})
    else:
        printing.print_text(answer.text)
    return Exit.DONE


def _list(answers: list[KeptAnswer], *, as_json: bool) -> Exit:
    if as_json:
        printing.print_json([_row(answer) for answer in answers])
        return Exit.DONE
    for answer in answers:
        row = f"{answer.id}  {local(answer.kept_at)}  {answer.action}  {answer.reason}  {answer.uri}"
        print(visible(row))
    if not answers:
        print(say("answers.none"), file=sys.stderr)
    return Exit.DONE


def _row(answer: KeptAnswer) -> dict[str, object]:
    return {
        "id": answer.id,
        "kept_at": answer.kept_at,
        "uri": answer.uri,
        "action": answer.action,
        "reason": answer.reason,
        "path": str(answer.path),
    }
