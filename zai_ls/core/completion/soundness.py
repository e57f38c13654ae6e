"""What the syntax tree says about a completion: what the cursor stands in, and whether the file stays as sound as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import PAIRS, open_after
from zai_ls.core.completion.near import opens_block
from zai_ls.core.indentation import lead_of, style_of
from zai_ls.core.languages import language
from zai_ls.core.lexing import pattern
from zai_ls.core.parsing import faults
from zai_ls.core.text import body_of, splice
from zai_ls.domain import Range

if TYPE_CHECKING:
    from zai_ls.core.completion.whether import Kind
    from zai_ls.core.languages import Language
    from zai_ls.core.parsing import Parsed
    from zai_ls.core.syntax import Syntax
    from zai_ls.domain import Point, Snapshot

_CODE_IN_STRINGS = frozenset({"interpolation", "template_substitution", "string_interpolation"})
_MORE_STRINGS = frozenset({"template_string", "character_literal"})
_PREFIX = re.compile(r"(?:[rbuf]{0,2}|l|u8)", re.IGNORECASE)
"""What may stand right before the quote that opens a string."""
_CLOSING = {opening: closing for closing, opening in PAIRS.items()}
_TOP_WITHIN = 400
"""Lines above the cursor among which the start of its top-level statement is looked for."""


# -- what the cursor stands in ------------------------------------------------------------------------------


def kind_at(snapshot: Snapshot, point: Point, syntax: Syntax) -> Kind:
    """What stands at *point*: by the tree; by the cursor's line alone where the tree is broken, or there is none."""
    parsed = syntax.parse(snapshot)
    row = language(snapshot.language)
    found = _by_tree(parsed, point, row) if parsed is not None else None
    if parsed is not None and found == "code" and parsed.root.has_error:
        found = None  # a string that is not closed yet
    return found or _by_line(body_of(snapshot.lines[point.line])[: point.column], row)


def _by_tree(parsed: Parsed, point: Point, row: Language) -> Kind | None:
    byte = parsed.byte_of(point)
    node = parsed.root.descendant_for_byte_range(max(0, byte - 1), byte)
    comments, strings = parsed.grammar.comments, parsed.grammar.whole
    while node is not None:
        if node.is_error:
            return None
        if node.type in comments and node.start_byte < byte:
            return "code" if byte >= node.end_byte and _is_closed(parsed.text_of(node), row) else "comment"
        if node.type in _CODE_IN_STRINGS:
            return "code"
        if (node.type in strings or node.type in _MORE_STRINGS) and node.start_byte < byte:
            return "string" if byte < node.end_byte else "code"
        node = node.parent
    return "code"


def _is_closed(comment: str, row: Language) -> bool:
    """Does *comment* end before the end of its line?"""
    return any(comment.startswith(start) and comment.endswith(end) for start, end in row.block)


def _by_line(before: str, row: Language) -> Kind:
    """By the marks on the cursor's line: what a comment or an open string reaches."""
    last, at = None, 0
    while (last := pattern(row.id).search(before, at)) and last.end() < len(before):
        at = last.start() + 1 if _is_apostrophe(last) else last.end()
    text = last.group() if last else ""
    if last is None or _is_apostrophe(last):
        return "code"
    if last.lastgroup == "comment" and not _is_closed(text, row):
        return "comment"
    if last.lastgroup == "string":
        quote = next(quote for quote in row.quotes if text.startswith(quote))
        return "code" if _is_whole(text, quote) or _is_code_in(before[: last.start()], text) else "string"
    return "code"


def _is_apostrophe(match: re.Match[str]) -> bool:
    """Does a quote stand inside a word, as in `don't`, where it opens no string?"""
    word = re.split(r"\W", match.string[max(0, match.start() - 4) : match.start()])[-1]
    return match.group().startswith("'") and not _PREFIX.fullmatch(word)


def _is_whole(string: str, quote: str) -> bool:
    """Is *string*, which begins with *quote*, closed by one that is not escaped?"""
    inner = string[len(quote) :].removesuffix(quote)
    return len(inner) + 2 * len(quote) == len(string) and (len(inner) - len(inner.rstrip("\\"))) % 2 == 0


def _is_code_in(before: str, string: str) -> bool:
    """Does code stand at the end of *string*, which is open: `f"{`, `${` or `#{`?"""
    opened = string.rfind("{")
    if opened <= string.rfind("}"):
        return False
    mark = string[opened - 1]
    return mark in "$#" or (mark != "{" and before.endswith(("f", "F")))


# -- whether the file stays sound ---------------------------------------------------------------------------


def spoils(snapshot: Snapshot, point: Point, text: str, syntax: Syntax) -> bool:
    """Would *text*, inserted at *point*, leave more faults than there are?

    A completion may stop where something is still open: brackets and a block that it opens are taken as closed.
    Languages without a grammar are never spoilt.
    """
    parsed = syntax.parse(snapshot)
    if parsed is None:
        return False
    most = faults(parsed.root)
    fewest = most + 1
    for written in _ways_to_end(snapshot, point, text):
        if snapshot.language == "python" and _loses_indentation(snapshot, point, written, syntax):
            continue
        fewest = min(fewest, _faults_with(snapshot, point, written, syntax))
        if not fewest:
            return False
    if fewest > most:
        return True
    # The file is broken, and stays so. If any name in this place would mend it, it should be mended.
    names = _ways_to_end(snapshot, point, "_")
    return any(_faults_with(snapshot, point, name, syntax, unknown=most) < fewest for name in names)


def _faults_with(snapshot: Snapshot, point: Point, text: str, syntax: Syntax, unknown: int = 0) -> int:
    """How many faults there are with *text* at *point*; *unknown* when it would take too long to tell."""
    after = syntax.parse_beside(_lines_with(snapshot, point, text), snapshot)
    return unknown if after is None else faults(after.root)


def _lines_with(snapshot: Snapshot, point: Point, text: str) -> list[str]:
    lines = list(snapshot.lines)
    splice(lines, Range(point, point), text)
    return lines


def _ways_to_end(snapshot: Snapshot, point: Point, text: str) -> list[str]:
    """*text* as it is, and with what it leaves open closed."""
    ways = [text]
    line = body_of(snapshot.lines[point.line])[: point.column]
    opened = open_after((line + text).split("\n"), snapshot.language).stack
    if opened:
        closed = "".join(_CLOSING[bracket] for bracket in reversed(opened))
        ways += [f"{text}\n{closed}", f"{text} _\n{closed}"]
    row = language(snapshot.language)
    if row.id == "python":
        written = [
            line
            for line in (line + text).split("\n")
            if line.strip() and not line.lstrip().startswith(row.line)
        ]
        if written and opens_block(written[-1], row):
            style = style_of(snapshot.lines)
            ways.append(f"{text}\n{lead_of(written[-1])}{style.step if style else '    '}pass")
    return ways


def _loses_indentation(snapshot: Snapshot, point: Point, text: str, syntax: Syntax) -> bool:
    """Python's grammar lets wrong indentation pass: is the statement around *point* one that Python cannot indent now?"""
    first = point.line
    while first > max(0, point.line - _TOP_WITHIN) and not _is_top(snapshot.lines[first]):
        first -= 1
    last = point.line + 1
    while last < len(snapshot.lines) and not _is_top(snapshot.lines[last]):
        last += 1
    before = list(snapshot.lines[first:last])
    after = _lines_with(snapshot, point, text)[first : last + text.count("\n")]
    if not syntax.is_misindented("".join(after)):
        return False
    if not body_of(before[point.line - first]).strip():
        # What was empty may have been the body that is still to come.
        before[point.line - first] = f"{lead_of(snapshot.lines[point.line])}pass\n"
    return not syntax.is_misindented("".join(before))


def _is_top(line: str) -> bool:
    return bool(line.strip()) and line[0] not in " \t)]}#@"
