"""What can be had where a person stands: the list behind an editor's code action menu.

Local and quick, because some editors ask after every movement of the cursor. Each offer carries all that running it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.actions import ACTIONS, Spot
from zai_ls.core.prompts import is_auto, one_line
from zai_ls.core.text import body_of, clamp_range
from zai_ls.domain import Offer, Point, Range
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from zai_ls.core.syntax import Syntax
    from zai_ls.domain import Diagnostic, Snapshot

APPLY_KEPT = "applyKept"
"""Not a row of the table: applies an answer that was kept because it breaks the file."""

_KIND_KEPT = "quickfix.zai"
"""Editors that show little show this kind."""
_LONGEST_TITLE = 72
_MOST_FIXES = 10
"""Diagnostics that get an offer of their own; all of them are in "fix all"."""


def is_cursor(lines: Sequence[str], range_: Range) -> bool:
    """Is *range_* a place rather than a selection? Some editors' cursors are one character, or a line ending, wide."""
    start, end = range_.start, range_.end
    if start.line == end.line:
        return end.column - start.column <= 1
    return end == Point(start.line + 1, 0) and start.column >= len(body_of(lines[start.line]))


def target_of(
    snapshot: Snapshot, range_: Range, syntax: Syntax, diagnostics: Sequence[Diagnostic] = ()
) -> Range | None:
    """The code that *range_* means; None when there is none.

    That is the selection in whole lines; for a cursor the definition around it, else what is around the *diagnostics* to fix.
    """
    range_ = clamp_range(snapshot.lines, range_)
    if not is_cursor(snapshot.lines, range_):
        return whole_lines(snapshot.lines, range_)
    definition = syntax.enclosing_definition(snapshot, range_.start)
    if definition is not None:
        return whole_lines(snapshot.lines, definition.range)
    return _union([_around(snapshot, each, syntax) for each in diagnostics])


def _union(ranges: Iterable[Range | None]) -> Range | None:
    there = [each for each in ranges if each is not None]
    return Range(min(r.start for r in there), max(r.end for r in there)) if there else None


def whole_lines(lines: Sequence[str], range_: Range) -> Range | None:
    """*range_* widened to whole lines, without blank ones at its ends and without the last line's ending."""
    first, last = range_.start.line, range_.end.line
    if last > first and range_.end.column == 0:
        last -= 1
    while first <= last and not lines[first].strip():
        first += 1
    while last > first and not lines[last].strip():
        last -= 1
    return Range(Point(first, 0), Point(last, len(body_of(lines[last])))) if first <= last else None


def offers(
    snapshot: Snapshot,
    range_: Range,
    diagnostics: Sequence[Diagnostic] = (),
    automatic: bool = False,
    only: Collection[str] | None = None,
    *,
    syntax: Syntax,
    disabled_reason: str | None = None,
    hidden: Collection[str] = (),
    words: str = "auto",
    kept_answer: str | None = None,
) -> tuple[Offer, ...]:
    """What is offered for *range_*, in the order of the menu.

    *automatic*: nobody asked, the editor did; then a cursor gets no more than problems, `zai:` comments and a kept answer.
    *only*: kinds that the editor wants. *disabled_reason*: why nothing can be had now; the text is not parsed then.
    *hidden*: actions that are not to be offered. *kept_answer*: id of an answer that still fits the text.
    """
    range_ = clamp_range(snapshot.lines, range_)
    found: list[Offer] = []
    if kept_answer is not None:
        found.append(Offer(say("offer.apply_kept"), APPLY_KEPT, _KIND_KEPT, range_, instruction=kept_answer))
    if disabled_reason is None:
        found += _here(snapshot, range_, diagnostics, automatic, syntax, words)
    else:
        found += _disabled(snapshot, range_, diagnostics, automatic, disabled_reason)
    return tuple(
        offer
        for offer in found
        if offer.action not in hidden
        and _wanted(offer.kind, only)
        and not (automatic and _invoked_only(offer))
    )


# -- the parts of the list ----------------------------------------------------------------------------------


def _here(
    snapshot: Snapshot,
    range_: Range,
    diagnostics: Sequence[Diagnostic],
    automatic: bool,
    syntax: Syntax,
    words: str,
) -> Iterator[Offer]:
    cursor = is_cursor(snapshot.lines, range_)
    near = _on_lines(diagnostics, range_)
    definition = syntax.enclosing_definition(snapshot, range_.start) if cursor else None
    selected = definition.range if definition is not None else None if cursor else range_
    target = whole_lines(snapshot.lines, selected) if selected is not None else None
    yield from _fixes(snapshot, range_, near, target, syntax)
    yield from _comments(snapshot, range_, target, cursor, syntax)
    if target is None or (automatic and cursor):
        return
    english = is_auto(words) or words.strip().lower().startswith("en")
    to_translate = syntax.has_comments_in_other_language if english else syntax.has_comments
    spot = Spot(
        snapshot,
        stub=syntax.todo_or_stub(snapshot, target),
        to_translate=to_translate(snapshot, target),
    )
    if definition is not None and definition.name:
        what = say("offer.definition", name=one_line(definition.name, 40))
    else:
        what = say("offer.selection")
    for action in ACTIONS.values():
        if action.offered(spot):
            yield Offer(action.title(what), action.id, action.kind, target)


def _disabled(
    snapshot: Snapshot, range_: Range, diagnostics: Sequence[Diagnostic], automatic: bool, reason: str
) -> Iterator[Offer]:
    """The same list without a look at the text, each with the *reason*: a person sees what there would be, and why not."""
    fix = ACTIONS["fix"]
    for diagnostic in _on_lines(diagnostics, range_)[:_MOST_FIXES]:
        yield Offer(_fix_title(diagnostic), fix.id, fix.kind, range_, (diagnostic,), disabled=reason)
    if automatic and is_cursor(snapshot.lines, range_):
        return
    spot = Spot(snapshot, stub=True, to_translate=True)
    for action in ACTIONS.values():
        if action.offered(spot):
            title = action.title(say("offer.selection"))
            yield Offer(title, action.id, action.kind, range_, disabled=reason)


def _fixes(
    snapshot: Snapshot, range_: Range, near: Sequence[Diagnostic], target: Range | None, syntax: Syntax
) -> Iterator[Offer]:
    """One offer a diagnostic, and one for all of them when there are several."""
    fix = ACTIONS["fix"]
    # Part of a line is where the problem is, not what may be changed to mend it.
    within = None if range_.start.line == range_.end.line else target
    targets = [within or _around(snapshot, diagnostic, syntax) for diagnostic in near]
    for diagnostic, its in list(zip(near, targets, strict=True))[:_MOST_FIXES]:
        yield Offer(_fix_title(diagnostic), fix.id, fix.kind, its or range_, (diagnostic,))
    if len(near) > 1:
        union = _union(targets) or range_
        yield Offer(say("offer.fix_all", count=len(near)), fix.id, fix.kind, union, tuple(near))


def _around(snapshot: Snapshot, diagnostic: Diagnostic, syntax: Syntax) -> Range | None:
    """What may be changed to fix *diagnostic*: the definition around it, else its lines."""
    here = clamp_range(snapshot.lines, diagnostic.range)
    definition = syntax.enclosing_definition(snapshot, here.start)
    return whole_lines(snapshot.lines, definition.range if definition is not None else here)


def _fix_title(diagnostic: Diagnostic) -> str:
    return one_line(say("offer.fix", message=one_line(diagnostic.message)), _LONGEST_TITLE)


def _comments(
    snapshot: Snapshot, range_: Range, target: Range | None, cursor: bool, syntax: Syntax
) -> Iterator[Offer]:
    """One offer for each `zai:` comment: how an editor without an input box gives an instruction."""
    row = ACTIONS["instruct"]
    for comment in syntax.zai_comments(snapshot, target or range_):
        words = one_line(comment.words)
        about = target if target is not None and not cursor else _spoken_of(snapshot, comment.range, syntax)
        span = Range(min(comment.range.start, about.start), max(comment.range.end, about.end))
        title = one_line(say("offer.instruct", instruction=words), _LONGEST_TITLE)
        yield Offer(
            title,
            row.id,
            row.kind,
            whole_lines(snapshot.lines, span) or span,
            instruction=words,
        )


def _spoken_of(snapshot: Snapshot, comment: Range, syntax: Syntax) -> Range:
    """What a comment speaks of: the definition below or around it, else the paragraph it begins."""
    definition = syntax.enclosing_definition(snapshot, comment.start)
    if definition is not None:
        return definition.range
    lines = snapshot.lines
    last = comment.end.line
    while last + 1 < len(lines) and lines[last + 1].strip():
        last += 1
    return Range(comment.start, Point(last, len(body_of(lines[last]))))


# -- small questions ----------------------------------------------------------------------------------------


def _on_lines(diagnostics: Sequence[Diagnostic], range_: Range) -> tuple[Diagnostic, ...]:
    """Those that touch the lines of *range_*, each once, the worst first."""
    last = range_.end.line - (range_.end.column == 0 and range_.end.line > range_.start.line)
    near = [d for d in diagnostics if d.range.start.line <= last and d.range.end.line >= range_.start.line]
    return tuple(sorted(dict.fromkeys(near), key=lambda d: (d.severity, d.range)))


def _wanted(kind: str, only: Collection[str] | None) -> bool:
    """Does the editor want *kind*? What lies under `source.zai` must be named: bare `source` is what runs on saving."""
    if not only:
        return True
    return any(
        wish == "" or kind == wish or (kind.startswith(wish + ".") and wish != "source") for wish in only
    )


def _invoked_only(offer: Offer) -> bool:
    action = ACTIONS.get(offer.action)
    return action is not None and action.invoked_only
