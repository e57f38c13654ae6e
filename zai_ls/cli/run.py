"""`zai-ls run`: one action without an editor; prints the change, or applies it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Protocol

from zai_ls.cli import printing
from zai_ls.cli.diagnostics import load_diagnostics
from zai_ls.cli.exits import BadUse, Exit, exit_for
from zai_ls.cli.files import FileEditor, Unreadable
from zai_ls.cli.flags import account_of, configuration
from zai_ls.cli.target import parse_target
from zai_ls.core.actions import ACTIONS
from zai_ls.domain import Ask, Declined, Edits, Explanation, Kept
from zai_ls.errors import ZaiError
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.assistant import Editor, Progress, Stage
    from zai_ls.config import Config
    from zai_ls.domain import Outcome, Snapshot

_CONFLICTS = frozenset({"conflict", "document_closed"})
"""Reasons of a kept answer that lie with the file, not with the answer."""


class Runs(Protocol):
    """What this verb needs of the assistant."""

    async def run(self, ask: Ask, editor: Editor, progress: Progress) -> Outcome:
        """Run one action."""
        ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and where."""
    parser.add_argument("action", metavar="ACTION", help="such as simplify, explain, document, fix, test")
    add_target(parser)
    parser.add_argument("--apply", action="store_true", help="change the file instead of printing the change")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def add_target(parser: argparse.ArgumentParser) -> None:
    """Where, and what else makes an `Ask`; `what-leaves` takes the same."""
    parser.add_argument(
        "target",
        metavar="FILE[:LINE-LINE]",
        help="lines count from 1, both included; one line means what is around it",
    )
    parser.add_argument("--instruction", metavar="TEXT", help="what to do, in your own words")
    parser.add_argument(
        "--diagnostics",
        metavar="FILE",
        help="what to fix: JSON as in LSP, or lines file:line:col: message; - reads them",
    )
    parser.add_argument("--model", metavar="NAME", help="use this model")


def run(args: argparse.Namespace) -> int:
    """Run the action; the exit code says how it went."""
    config = configuration(args, find_key=False)
    editor = editor_for(config, write=args.apply)
    ask = ask_of(args, editor)
    config = config.with_key()  # may ask a keyring or a password manager: not before the file was found
    account_of(config)
    try:
        outcome = asyncio.run(_run(config, ask, editor))
    except ZaiError as error:
        if not args.json:
            raise
        code = exit_for(error)
        printing.print_json(_document("error", "", error.user_text, code))
        return code
    return report(outcome, editor, as_json=args.json, applied=args.apply)


def editor_for(config: Config, *, write: bool) -> FileEditor:
    """The files as an editor, with the limits of *config*."""
    return FileEditor(max_bytes=config.settings.limits_max_file_bytes, write=write)


def ask_of(args: argparse.Namespace, editor: FileEditor) -> Ask:
    """What the arguments ask for. Raises `BadUse`."""
    if args.action not in ACTIONS:
        raise BadUse(say("cli.unknown_action", action=args.action, actions=", ".join(sorted(ACTIONS))))
    if args.action == "instruct" and not (args.instruction or "").strip():
        raise BadUse(say("cli.no_instruction"))
    target = parse_target(args.target)
    try:
        snapshot: Snapshot = editor.open(target.path)
    except Unreadable as error:
        raise BadUse(str(error)) from None
    return Ask(
        action=args.action,
        uri=snapshot.uri,
        range=target.range_in(snapshot),
        version=snapshot.version,
        diagnostics=load_diagnostics(args.diagnostics, snapshot) if args.diagnostics else (),
        instruction=args.instruction,
        model=args.model,
    )


async def _run(config: Config, ask: Ask, editor: FileEditor) -> Outcome:
    from zai_ls.cli.wiring import build

    app = build(config, editor_name="zai-ls run")
    try:
        return await perform(app.assistant, ask, editor)
    finally:
        await app.aclose()


async def perform(assistant: Runs, ask: Ask, editor: FileEditor) -> Outcome:
    """Run *ask*, with one line on the terminal that says where it stands."""
    line = StatusLine()
    try:
        return await assistant.run(ask, editor, line)
    finally:
        line.clear()


class StatusLine:
    """Progress as one line that rewrites itself; silent when no person looks."""

    def __init__(self) -> None:
        self._live = printing.is_terminal(sys.stderr)

    def report(self, stage: Stage) -> None:
        """Show *stage*."""
        if not self._live:
            return
        parts = (stage.text or stage.kind, stage.model, f"{stage.tokens} tokens" if stage.tokens else "")
        sys.stderr.write("\r\033[K" + " · ".join(part for part in parts if part)[:100])
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave no trace."""
        if self._live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def report(outcome: Outcome, editor: FileEditor, *, as_json: bool, applied: bool) -> Exit:
    """Print *outcome*; the exit code."""
    for text in editor.told:
        if not as_json and text != getattr(outcome, "text", ""):
            printing.note(text)
    match outcome:
        case Edits():
            diff = printing.unified(editor.diffs)
            if as_json:
                files = [{"path": str(d.path), "created": d.created} for d in editor.diffs]
                extra = {"label": outcome.label, "applied": applied, "diff": diff, "files": files}
                printing.print_json(_document("edits", "", outcome.label, Exit.DONE, **extra))
            elif applied:
                for change in editor.diffs:
                    printing.note(say("cli.created" if change.created else "cli.changed", path=change.path))
            else:
                printing.print_diff(diff)
            return Exit.DONE
        case Explanation(title=title, markdown=markdown):
            if as_json:
                printing.print_json(_document("explanation", "", markdown, Exit.DONE, title=title))
            else:
                printing.print_markdown(markdown)
            return Exit.DONE
        case Declined(reason=reason, text=text):
            return _not_done("declined", reason, text, Exit.DECLINED, as_json=as_json)
        case Kept(reason=reason, text=text, answer_id=answer, path=path):
            code = Exit.CONFLICT if reason in _CONFLICTS else Exit.KEPT
            return _not_done("kept", reason, text, code, as_json=as_json, answer=answer, path=path)


def _not_done(kind: str, reason: str, text: str, code: Exit, *, as_json: bool, **extra: object) -> Exit:
    if as_json:
        printing.print_json(_document(kind, reason, text, code, **extra))
    else:
        printing.note(text)
    return code


def _document(kind: str, reason: str, text: str, code: Exit, **extra: object) -> dict[str, object]:
    return {"outcome": kind, "reason": reason, "text": text, "exit": int(code), **extra}
