"""`zai-ls run`: one action without an editor; prints the change, or applies it."""

from __future__ import annotations

import asyncio
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from zai_ls.cli import printing
from zai_ls.cli.diagnostics import load_diagnostics
from zai_ls.cli.exits import BadUse, CannotWrite, Exit, NothingToDo, exit_for
from zai_ls.cli.files import FileEditor, Unreadable
from zai_ls.cli.flags import account_of, configuration, for_project, require_user_file, tell_problems
from zai_ls.cli.target import parse_target
from zai_ls.core.actions import ACTIONS, Output
from zai_ls.domain import Ask, Declined, Edits, Explanation, Kept
from zai_ls.errors import ZaiError
from zai_ls.messages import say, told

if TYPE_CHECKING:
    import argparse

    from zai_ls.assistant import Editor, Kit, Progress, Stage
    from zai_ls.assistant.ports import Decision
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
    parser.add_argument("action", metavar="ACTION", help=say("help.action"))
    add_target(parser)
    parser.add_argument("--apply", action="store_true", help=say("help.apply"))
    parser.add_argument("--json", action="store_true", help=say("help.json_outcome"))


def add_target(parser: argparse.ArgumentParser) -> None:
    """Where, and what else makes an `Ask`; `what-leaves` takes the same."""
    parser.add_argument(
        "target",
        metavar="FILE[:LINE-LINE]",
        help=say("help.target"),
    )
    parser.add_argument("--instruction", metavar="TEXT", help=say("help.instruction"))
    parser.add_argument(
        "--diagnostics",
        metavar="FILE",
        help=say("help.diagnostics"),
    )
    parser.add_argument("--model", metavar="NAME", help=say("help.model"))


def run(args: argparse.Namespace) -> int:
    """Run the action; the exit code says how it went."""
    decisions: list[Decision] = []
    if not args.json:
        return _act(args, decisions)
    try:
        return _act(args, decisions)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever happens, a script reads one document
        if args.debug:
            traceback.print_exc()
        return _report_failure(error, next(iter(decisions), None))


def _act(args: argparse.Namespace, decisions: list[Decision]) -> Exit:
    """Run it; *decisions* gets what was decided, also when it fails."""
    check_action(args)
    config = configuration(args, find_key=False)
    require_user_file(config)
    tell_problems(config)
    config = for_project(config, parse_target(args.target).path)
    editor = editor_for(config, write=args.apply)
    ask = ask_of(args, editor, config)
    if args.apply and ACTIONS[ask.action].output is Output.CODE:
        editor.require_writable(ask.uri)
    # May ask a keyring or a password manager: not before the file was found.
    config = replace(config.with_key(), settings=config.settings)
    account_of(config)
    outcome = asyncio.run(_run(config, ask, editor, decisions, parse_target(args.target).path))
    if not args.apply:  # it landed on the text, as it would in the file
        landed = say("rewrite.applied", file=parse_target(args.target).path.name)
        decisions[:] = [
            replace(d, lines=tuple(line for line in d.lines if line != landed)) for d in decisions
        ]
    decision = next(iter(decisions), None)
    if not args.json and decision is not None:
        tell(decision)
    return report(outcome, editor, as_json=args.json, applied=args.apply, decision=decision)


def _report_failure(error: BaseException, decision: Decision | None) -> Exit:
    """*error* as a document: `reason` is its class, `code` the service's own word for it."""
    extra: dict[str, object] = {"code": "", "resets_at": None}
    match error:
        case ZaiError():
            kind, reason, text, code = "error", error.message_id, error.user_text, exit_for(error)
            extra = {"code": error.code, "resets_at": error.resets_at, "choice": choice_row(decision)}
        case BadUse():
            kind, reason, text, code = "error", "bad_use", str(error), Exit.BAD_USE
        case CannotWrite():
            kind, reason, text, code = "error", "cannot_write", str(error), Exit.CONFLICT
        case NothingToDo():
            kind, reason, text, code, extra = "declined", error.reason, str(error), Exit.DECLINED, {}
        case KeyboardInterrupt():
            kind, reason, text, code = "error", "interrupted", say("error.cancelled"), Exit.INTERRUPTED
        case _:
            text = say("cli.fault", name=type(error).__name__, detail=error)
            kind, reason, code = "error", "fault", Exit.FAILED
    printing.print_json(_document(kind, reason.rpartition(".")[2], text, code, **extra))
    return code


def editor_for(config: Config, *, write: bool) -> FileEditor:
    """The files as an editor, with the limits of *config*."""
    return FileEditor(max_bytes=config.settings.limits_max_file_bytes, write=write)


def check_action(args: argparse.Namespace, also: tuple[str, ...] = ()) -> None:
    """Is there such an action, or is it one of *also*, and has it been told what it needs? Raises `BadUse`."""
    if args.action not in ACTIONS and args.action not in also:
        raise BadUse(
            say("cli.unknown_action", action=args.action, actions=", ".join(sorted((*ACTIONS, *also))))
        )
    if args.action == "instruct" and not (getattr(args, "instruction", None) or "").strip():
        raise BadUse(say("cli.no_instruction"))


def ask_of(args: argparse.Namespace, editor: FileEditor, config: Config) -> Ask:
    """What the arguments ask for. Raises `BadUse`, and `NothingToDo` when nothing is to be sent."""
    if args.action in config.settings.actions_disabled:
        raise NothingToDo("action_off", say("cli.action_off", action=args.action))
    target = parse_target(args.target)
    try:
        snapshot: Snapshot = editor.open(target.path)
    except Unreadable as error:
        raise BadUse(str(error)) from None
    diagnostics = load_diagnostics(args.diagnostics, snapshot) if args.diagnostics else ()
    if args.action == "fix" and args.diagnostics and not diagnostics:
        raise NothingToDo("nothing_to_fix", say("cli.nothing_to_fix", path=target.path))
    return Ask(
        action=args.action,
        uri=snapshot.uri,
        range=target.range_in(snapshot),
        version=snapshot.version,
        diagnostics=diagnostics,
        instruction=args.instruction,
        model=args.model,
    )


def require_not_ignored(kit: Kit, named: Path) -> None:
    """See that nothing ignores the file by the name that was given; an ask has the name of where a link leads. Raises `NothingToDo`."""
    if why := kit.why_ignored(str(Path.cwd() / named)):
        raise NothingToDo("ignored", why)


async def _run(
    config: Config, ask: Ask, editor: FileEditor, decisions: list[Decision], named: Path
) -> Outcome:
    from zai_ls.cli.wiring import build

    app = build(config, editor_name="zai-ls run")
    try:
        require_not_ignored(app.kit, named)
        return await perform(app.assistant, ask, editor)
    finally:
        decisions += app.assistant.explain_last()[:1]
        await app.aclose()


def tell(decision: Decision) -> None:
    """Which model and why, to standard error: the change itself goes to standard output."""
    said = decision.outcome.text if isinstance(decision.outcome, (Declined, Kept)) else ""
    for line in decision.lines:
        if line != said:
            printing.note(line)


def choice_row(decision: Decision | None) -> dict[str, object] | None:
    """The choice of a model as JSON; None when none was made."""
    if decision is None or decision.choice is None:
        return None
    choice = decision.choice
    cost = choice.expense
    return {
        "model": choice.model,
        "tier": choice.tier,
        "reason": choice.reason,
        "score": round(choice.score, 3),
        "features": {name: round(value, 3) for name, value in choice.features.items()},
        "in_place_of": choice.in_place_of,
        "saving": sorted(choice.saving),
        "fallbacks": list(choice.fallbacks),
        "expected": None
        if cost is None
        else {
            "prompt_tokens": cost.usage.prompt_tokens,
            "completion_tokens": cost.usage.completion_tokens,
            "credits": cost.credits,
            "money": cost.money,
        },
        "served_by": decision.served_by,
        "lines": list(decision.lines),
    }


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
        parts = (
            stage.text or told(stage.kind),
            stage.model,
            say("stage.tokens", count=stage.tokens) if stage.tokens else "",
        )
        sys.stderr.write("\r\033[K" + " · ".join(part for part in parts if part)[:100])
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave no trace."""
        if self._live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def report(
    outcome: Outcome,
    editor: FileEditor,
    *,
    as_json: bool,
    applied: bool,
    decision: Decision | None = None,
) -> Exit:
    """Print *outcome*; the exit code."""
    choice = choice_row(decision)
    for text in editor.told:
        if not as_json and text not in {getattr(outcome, "text", ""), editor.failed}:
            printing.note(text)
    match outcome:
        case Edits():
            diff = printing.unified(editor.diffs)
            if as_json:
                files = [{"path": str(d.path), "created": d.created} for d in editor.diffs]
                extra = {
                    "label": outcome.label,
                    "applied": applied,
                    "diff": diff,
                    "files": files,
                    "choice": choice,
                }
                printing.print_json(_document("edits", "", outcome.label, Exit.DONE, **extra))
            elif applied:
                for change in editor.diffs:
                    printing.note(say("cli.created" if change.created else "cli.changed", path=change.path))
            else:
                printing.print_diff(diff)
            return Exit.DONE
        case Explanation(title=title, markdown=markdown):
            if as_json:
                printing.print_json(
                    _document("explanation", "", markdown, Exit.DONE, title=title, choice=choice)
                )
            else:
                printing.print_markdown(markdown)
            return Exit.DONE
        case Declined(reason=reason, text=text):
            return _not_done("declined", reason, text, Exit.DECLINED, as_json=as_json, choice=choice)
        case Kept(reason="refused_by_editor", answer_id=answer, path=path) if editor.failed:
            text = f"{editor.failed} {say('cli.answer_kept', id=answer, path=path)}"
            return _not_done(
                "kept",
                "cannot_write",
                text,
                Exit.CONFLICT,
                as_json=as_json,
                answer=answer,
                path=path,
                choice=choice,
            )
        case Kept(reason=reason, text=text, answer_id=answer, path=path):
            code = Exit.CONFLICT if reason in _CONFLICTS else Exit.KEPT
            return _not_done(
                "kept", reason, text, code, as_json=as_json, answer=answer, path=path, choice=choice
            )


def _not_done(kind: str, reason: str, text: str, code: Exit, *, as_json: bool, **extra: object) -> Exit:
    if as_json:
        printing.print_json(_document(kind, reason, text, code, **extra))
    else:
        printing.note(text)
    return code


def _document(kind: str, reason: str, text: str, code: Exit, /, **extra: object) -> dict[str, object]:
    return {"outcome": kind, "reason": reason, "text": text, "exit": int(code), **extra}
