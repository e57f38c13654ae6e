"""Definitions and stubs without a syntax tree: by the words that open them, and by indentation and braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zai_ls.core.definitions import Definition, bodies
from zai_ls.core.languages import language
from zai_ls.core.text import body_of, text_in
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from zai_ls.core.definitions import Kind
    from zai_ls.core.parsing import Parsed
    from zai_ls.domain import Snapshot

_OPENS = re.compile(
    r"^\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|abstract|final|override|async|"
    r"unsafe|inline|virtual|sealed|open|data|local|suspend|const|extern)\s+)*"
    r"(?P<word>def|defp|defmodule|class|function|func|fun|fn|sub|interface|trait|impl|struct|enum|module|namespace|object|record|"
    r"proc|macro)\b\s*(?P<name>[\w.:$?!]*)"
)
_KINDS: dict[str, Kind] = {
    "class": "class",
    "impl": "class",
    "object": "class",
    "record": "class",
    "trait": "type",
    "interface": "type",
    "struct": "type",
    "enum": "type",
    "module": "module",
    "defmodule": "module",
    "namespace": "module",
}
_IMPORT = re.compile(
    r"^\s*(?:import|from|using|use|require|require_once|include|#\s*include|package|open|library)\b"
)
_IMPORTS_WITHIN = 300
_LOOKED_UP = 2000
"""Lines above a place that are searched for what encloses it."""
_BLOCK = 200
"""Lines that are searched at once."""
_LONGEST = 5000
"""Lines; what is longer is not taken for a definition, for its end is a guess."""
_SAYS_STUB = (
    "todo!(",
    "unimplemented!(",
    "notimplemented",
    "unsupportedoperationexception",
    "todo(",
    "fatalerror(",
    "not implemented",
    "not yet implemented",
)
"""What a body says, in small letters, that is not written yet."""
_EMPTY_BODY = re.compile(r"\)[^;{}()]*\{\s*\}")
_CLOSERS = ("}", "end", ")", "];", "};")


def found(lines: Sequence[str]) -> tuple[Definition, ...]:
    """All definitions that open with a word we know."""
    return tuple(
        definition for number in range(len(lines)) if (definition := _definition(lines, number)) is not None
    )


class Outline:
    """The definitions of one text, found as far as they are asked for; each line is looked at once, however often that is."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._found: dict[int, list[tuple[int, Definition]]] = {}
        """By block of lines: those that open a definition, the last first."""
        self._attached = range(0)
        """The lines from the last one asked for to the one that it is attached to."""

    def enclosing(self, point: Point) -> Definition | None:
        """The nearest definition above *point* that reaches down to it."""
        here = min(point.line, len(self.lines) - 1)
        below = self._below(here)
        last = max(-1, below - _LOOKED_UP)
        for block in range(below // _BLOCK, max(0, last) // _BLOCK - 1, -1):
            for number, definition in self._in_block(block):
                is_near = last < number <= below
                if is_near and definition.range.start.line <= here <= definition.range.end.line:
                    return definition
        return None

    def _below(self, here: int) -> int:
        """The first line from *here* on that is no comment or decorator."""
        if here in self._attached:
            return self._attached.stop
        below = here
        while below < len(self.lines) - 1 and _is_attached(self.lines[below]):
            below += 1
        self._attached = range(here, below)
        return below

    def _in_block(self, block: int) -> list[tuple[int, Definition]]:
        found = self._found.get(block)
        if found is None:
            numbers = range(min(len(self.lines), (block + 1) * _BLOCK) - 1, block * _BLOCK - 1, -1)
            each = ((number, _definition(self.lines, number)) for number in numbers)
            found = [(number, definition) for number, definition in each if definition is not None]
            self._found[block] = found
        return found


def heads(lines: Sequence[str], range_: Range) -> tuple[int, ...]:
    """Line numbers of the heads of the definitions around *range_*, outermost first."""
    numbers: list[int] = []
    start = range_.start.line
    for number in range(start - 1, max(-1, start - _LOOKED_UP), -1):
        definition = _definition(lines, number)
        if definition is not None and definition.range.end.line >= range_.end.line:
            numbers.insert(0, number)
    return tuple(numbers)


def imports(lines: Sequence[str]) -> tuple[int, ...]:
    """Line numbers of what looks like an import."""
    return tuple(number for number, line in enumerate(lines[:_IMPORTS_WITHIN]) if _IMPORT.match(line))


def _definition(lines: Sequence[str], number: int) -> Definition | None:
    opened = _OPENS.match(lines[number])
    if opened is None:
        return None
    depth = _depth(lines[number])
    last = number
    for below in range(number + 1, len(lines)):
        if below - number > _LONGEST:
            return None
        line = lines[below]
        if not line.strip():
            continue
        if _depth(line) <= depth:
            if line.strip().startswith((*_CLOSERS, "{")) and _depth(line) == depth:
                last = below
                if line.strip().startswith("{"):
                    continue
            break
        last = below
    first = number
    while first > 0 and _is_attached(lines[first - 1]) and _depth(lines[first - 1]) == depth:
        first -= 1
    range_ = Range(Point(first, 0), Point(last, len(body_of(lines[last]))))
    return Definition(
        name=opened["name"],
        kind=_KINDS.get(opened["word"], "function"),
        range=range_,
        head=number,
        body=min(number + 1, last),
        place=range_,
    )


def _is_attached(line: str) -> bool:
    return line.strip().startswith(("#", "//", "/*", "*", "--", "@", ";", "%"))


def _depth(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip())].expandtabs(4))


# -- stubs --------------------------------------------------------------------------------------------------


def any_stub(parsed: Parsed | None, snapshot: Snapshot, range_: Range) -> bool:
    """Is there a function in *range_* that does nothing yet?"""
    text = text_in(snapshot.lines, range_)
    said = text.lower()
    if any(words in said for words in _SAYS_STUB):
        return True
    if parsed is None:
        return bool(language(snapshot.language).block) and bool(_EMPTY_BODY.search(text))
    return any(_is_empty(parsed, body) for body in bodies(parsed, range_))


def _is_empty(parsed: Parsed, body: Node) -> bool:
    """Does a body say nothing but `pass`, `...`, a docstring or comments?"""
    comments = parsed.grammar.comments
    if body.type not in parsed.grammar.bodies:
        return False  # an expression: `x => {…}` without braces
    return all(child.type in comments or _says_nothing(child) for child in body.named_children)


def _says_nothing(node: Node) -> bool:
    if node.type == "pass_statement":
        return True
    if node.type != "expression_statement" or node.named_child_count != 1:
        return False
    inner = node.named_children[0]
    return inner.type in {"ellipsis", "string"}
