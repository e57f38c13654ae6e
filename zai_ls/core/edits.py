"""A reply's code to edits of the file: in the file's own indentation and line endings, and no larger than need be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.hunks import Hunk, edit_of, hunks
from zai_ls.core.indentation import fitted, lead_of
from zai_ls.core.replies import CodeReply, NotCode, code_of
from zai_ls.core.text import body_of, dominant_ending, ending_of, split_lines, text_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import Edit, Range, Snapshot

__all__ = ["CodeReply", "NotCode", "code_of", "minimal_edits", "replacement", "unified_diff"]

_MOST_ECHOED = 24
"""Lines around the target that a reply is looked through for."""


def replacement(snapshot: Snapshot, target: Range, code: str) -> str:
    """What *code* has to be, letter for letter, to stand in place of *target*.

    It gets the target's indentation (in the file's tabs or spaces) and the file's line endings; blank lines around the target
    and the state of its last line ending stay; lines around the target that the reply repeats are left out.
    """
    lines = snapshot.lines
    old = split_lines(text_in(lines, target))
    first, last = _filled(old)
    wanted = [body_of(line).rstrip() if not line.strip() else body_of(line) for line in split_lines(code)]
    head, tail = _filled(wanted)
    if head == tail:
        return ""
    wanted = wanted[head:tail]
    before = [body_of(line) for line in lines[max(0, target.start.line - _MOST_ECHOED) : target.start.line]]
    after = [body_of(line) for line in lines[target.end.line + 1 : target.end.line + 1 + _MOST_ECHOED]]
    whole_first = lines[target.start.line][: target.start.column]
    model = [body_of(line) for line in old[first:last]]
    if model and first == 0:
        model[0] = lead_of(whole_first) + model[0]
    if not whole_first.strip():
        wanted = _without_echo(wanted, model, before, after)
    fresh = fitted(wanted, model or [whole_first], lines)
    if first == 0 and target.start.column:
        lead = whole_first if not whole_first.strip() else ""
        fresh[0] = fresh[0][len(lead) :] if lead and fresh[0].startswith(lead) else fresh[0].lstrip()
    ended = _with_endings(fresh, old[first:last], dominant_ending(lines))
    return "".join(old[:first]) + ended + "".join(old[last:])


def _filled(lines: Sequence[str]) -> tuple[int, int]:
    """From where to where *lines* hold anything but blank ones."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return (filled[0], filled[-1] + 1) if filled else (0, 0)


def _with_endings(fresh: Sequence[str], old: Sequence[str], ending: str) -> str:
    """*fresh* with line endings: lines that were there keep theirs, the last one keeps that of the last one before."""
    closing = ending_of(old[-1]) if old else ""
    endings = [ending] * (len(fresh) - 1) + [closing]
    if any(ending_of(line) != ending for line in old[:-1]):
        bodies = [body_of(line) for line in old]
        shift = at = 0
        for hunk in [*hunks(bodies, fresh), None]:
            stop = hunk.start if hunk else len(bodies)
            for number in range(at, stop):
                if number + shift < len(fresh) - 1 and ending_of(old[number]):
                    endings[number + shift] = ending_of(old[number])
            if hunk:
                shift += len(hunk.items) - (hunk.end - hunk.start)
                at = hunk.end
    return "".join(body + end for body, end in zip(fresh, endings, strict=True))


# -- repeated surroundings ----------------------------------------------------------------------------------


def _without_echo(
    wanted: list[str], target: Sequence[str], before: Sequence[str], after: Sequence[str]
) -> list[str]:
    """*wanted* without the lines around the target that a model repeats although it was not asked for them."""
    if not target:
        return wanted
    head = _echoed_head(wanted, target, before)
    wanted = wanted[head:]
    return wanted[: len(wanted) - _echoed_tail(wanted, target, after)]


def _echoed_head(wanted: Sequence[str], target: Sequence[str], before: Sequence[str]) -> int:
    """How many lines at the head of *wanted* repeat what stands before the target."""
    for count in range(min(len(before), len(wanted) - 1), 0, -1):
        told, there = wanted[:count], before[-count:]
        following = next((n for n in range(count, len(wanted)) if wanted[n].strip()), None)
        if following is None or not _same(told, there, wanted[following], target[0]):
            continue
        same_next = wanted[following].strip() == target[0].strip()
        opens = told[-1].rstrip().endswith((":", "{", "(", "=>", "do", "then"))
        if (same_next or opens or _weight(told) > 1) and not _begins(target, told):
            return following
    return 0


def _echoed_tail(wanted: Sequence[str], target: Sequence[str], after: Sequence[str]) -> int:
    """How many lines at the tail of *wanted* repeat what stands after the target."""
    for count in range(min(len(after), len(wanted) - 1), 0, -1):
        told, there = wanted[-count:], after[:count]
        if not told[-1].strip() or not _same(told, there, wanted[0], target[0]):
            continue
        last = next((n for n in range(len(wanted) - count - 1, -1, -1) if wanted[n].strip()), None)
        if last is None:
            continue
        same_last = wanted[last].strip() == target[-1].strip()
        if (same_last or _weight(told) > 1) and not _begins(target[::-1], told[::-1]):
            return len(wanted) - last - 1
    return 0


def _same(told: Sequence[str], there: Sequence[str], anchor: str, anchor_there: str) -> bool:
    """Are these the same lines, indented alike as seen from the code beside them?"""
    return any(line.strip() for line in told) and all(
        one.strip() == other.strip()
        and (not one.strip() or _width(one) - _width(anchor) == _width(other) - _width(anchor_there))
        for one, other in zip(told, there, strict=True)
    )


def _begins(target: Sequence[str], told: Sequence[str]) -> bool:
    """Does the target itself begin like this? Then it is no echo."""
    return [line.strip() for line in target[: len(told)]] == [line.strip() for line in told]


def _weight(lines: Sequence[str]) -> int:
    """How many lines say something that is not said everywhere."""
    return sum(1 for line in lines if sum(c.isalnum() for c in line) > 2)


def _width(line: str) -> int:
    lead = line[: len(line) - len(line.lstrip())]
    return len(lead.expandtabs(4))


# -- edits --------------------------------------------------------------------------------------------------


def minimal_edits(snapshot: Snapshot, target: Range, new_text: str) -> tuple[Edit, ...]:
    """Edits of whole lines that put *new_text* in place of *target*: ascending, apart from each other; none when nothing changes."""
    lines = snapshot.lines
    first, last = target.start.line, target.end.line + 1
    text = lines[first][: target.start.column] + new_text + lines[target.end.line][target.end.column :]
    fresh = split_lines(text)
    if last < len(lines):
        if fresh[-1] == "":
            fresh.pop()
        else:
            # What follows on the next line becomes part of the last one.
            fresh[-1] += lines[last]
            last += 1
    return tuple(
        edit_of(lines, Hunk(first + hunk.start, first + hunk.end, hunk.items))
        for hunk in hunks(lines[first:last], fresh)
    )


def unified_diff(old_lines: Sequence[str], new_lines: Sequence[str], label: str) -> str:
    """The difference as `git apply` and `patch` take it; empty when there is none."""
    from difflib import unified_diff as diff

    old, new = _patch_lines(old_lines), _patch_lines(new_lines)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in diff(old, new, f"a/{label}", f"b/{label}")
    )


def _patch_lines(lines: Sequence[str]) -> list[str]:
    """The text's lines as `patch` counts them: it knows no line ending but `\n`."""
    parts = "".join(lines).split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
