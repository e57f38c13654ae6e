"""How hard some code is to work on: from 0, plain, to 1, hard. Version one, from what its syntax tree shows.

Six things are measured, each taken as a part of what its measure calls "as much as one can follow with ease":
tokens that mean something, decisions as they nest (after the idea of cognitive complexity: each costs one, and one more for
each level it lies under), loops, different names, deepest nesting, and what other tools complain about.
The parts are added, and the sum saturates: `1 - exp(-sum)`.

Comments, docstrings, blank lines, brackets and line breaks are not measured, and names only by how many there are,
so formatting and renaming change nothing. Incomplete code is measured by what the parser makes of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from zai_ls.core import lexing
from zai_ls.core.text import body_of, clamp_range
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed
    from zai_ls.core.syntax import Syntax
    from zai_ls.domain import Diagnostic, Snapshot


@dataclass(frozen=True, slots=True)
class Score:
    """How hard, and why."""

    value: float
    """0 to 1."""
    features: Mapping[str, float]
    """What each measure adds to the value; together they are the value."""
    measures: Mapping[str, float]
    """The measures themselves, such as how many tokens."""


_EASE: Mapping[str, float] = {
    "size": 1500.0,
    "decisions": 50.0,
    "loops": 25.0,
    "names": 300.0,
    "depth": 40.0,
    "diagnostics": 12.0,
}
"""How much of each alone gives 0.63."""
_SEVERITY = {1: 1.0, 2: 0.5, 3: 0.25, 4: 0.1}


def score(snapshot: Snapshot, range_: Range, syntax: Syntax, diagnostics: Sequence[Diagnostic] = ()) -> Score:
    """How hard the code in *range_* is; its lines count whole. Deterministic."""
    given = clamp_range(snapshot.lines, range_)
    last = given.end.line - (given.end.column == 0 < given.end.line - given.start.line)
    whole = Range(Point(given.start.line, 0), Point(last, len(body_of(snapshot.lines[last]))))
    parsed = syntax.parse(snapshot)
    known = parsed is not None and bool(parsed.grammar.branches)
    measured = _by_tree(parsed, whole) if parsed is not None and known else _by_words(snapshot, whole)
    complaints = sum(
        _SEVERITY.get(each.severity, 0.0)
        for each in diagnostics
        if each.range.start.line <= last and each.range.end.line >= whole.start.line
    )
    return _combined({**measured, "diagnostics": complaints})


def _combined(measures: Mapping[str, float]) -> Score:
    parts = {name: measure / _EASE[name] for name, measure in measures.items()}
    total = sum(parts.values())
    value = 1 - math.exp(-total)
    features = {name: round(value * part / total, 4) if total else 0.0 for name, part in parts.items()}
    return Score(round(value, 4), features, dict(measures))


# -- with a tree --------------------------------------------------------------------------------------------


def _by_tree(parsed: Parsed, range_: Range) -> dict[str, float]:
    grammar = parsed.grammar
    low, high = parsed.byte_of(range_.start), parsed.byte_of(range_.end)
    counted: Counter[str] = Counter()
    names: set[bytes] = set()
    stack: list[tuple[Node, int, bool]] = [(parsed.at(range_), 0, False)]
    while stack:
        node, depth, in_function = stack.pop()
        kind = node.type
        if node.end_byte <= low or node.start_byte >= high or kind in grammar.comments:
            continue
        if kind == "expression_statement" and _is_docstring(node):
            continue
        inside = node.start_byte >= low
        if kind in grammar.names:
            names.add(parsed.data[node.start_byte : node.end_byte])
        if kind in grammar.whole or not node.child_count:
            counted["size"] += inside and _means_something(node)
            counted["decisions"] += inside and kind in grammar.logic
            continue
        nests = kind in grammar.loops or (kind in grammar.branches and not _is_else_if(node))
        if inside:
            counted["loops"] += kind in grammar.loops
            counted["decisions"] += 1 + depth if nests else kind in grammar.arms or kind in grammar.branches
            if nests:
                counted["depth"] = max(counted["depth"], depth + 1)
            depth += nests
            if kind in grammar.functions:
                depth += in_function
                in_function = True
        stack += [(child, depth, in_function) for child in node.children]
    return {
        "size": counted["size"],
        "decisions": counted["decisions"],
        "loops": counted["loops"],
        "names": len(names),
        "depth": counted["depth"],
    }


def _means_something(node: Node) -> bool:
    """Brackets, commas and the like come and go with the formatting."""
    return node.is_named or _has_meaning(node.type)


@lru_cache(maxsize=1024)
def _has_meaning(sign: str) -> bool:
    return any(c.isalnum() or c in "=+-*/%<>&|^!~?." for c in sign)


def _is_docstring(statement: Node) -> bool:
    return statement.child_count == 1 and statement.children[0].type == "string"


def _is_else_if(node: Node) -> bool:
    """An `if` right after an `else` is one more way, not a level."""
    above = node.parent
    if above is None:
        return False
    return above.type == "else_clause" or (
        above.type == node.type and above.child_by_field_name("alternative") == node
    )


# -- without one --------------------------------------------------------------------------------------------

_BRANCH_WORDS = frozenset(
    {"if", "unless", "switch", "case", "match", "when", "catch", "except", "rescue", "elif", "elsif", "else"}
)
_FLAT_WORDS = frozenset({"case", "when", "elif", "elsif", "else"})
_LOOP_WORDS = frozenset({"for", "foreach", "while", "until", "loop", "repeat"})
_LOGIC_WORDS = frozenset({"and", "or"})


def _by_words(snapshot: Snapshot, range_: Range) -> dict[str, float]:
    """The same measures by words and indentation."""
    lines = snapshot.lines[range_.start.line : range_.end.line + 1]
    counted: Counter[str] = Counter()
    names: set[str] = set()
    levels: list[int] = []
    depth = 0
    sign_before = ""
    for kind, text in lexing.tokens(lines, snapshot.language):
        if kind == "line":
            column = len(text.expandtabs(4))
            while levels and levels[-1] >= column:
                levels.pop()
            levels.append(column)
            depth = max(0, len(levels) - 1)
            continue
        word = text.lower()
        if kind == "word" and word in _LOOP_WORDS | _BRANCH_WORDS:
            counted["loops"] += word in _LOOP_WORDS
            counted["decisions"] += 1 if word in _FLAT_WORDS else 1 + depth
            counted["depth"] = max(counted["depth"], depth + 1)
        elif kind == "word" and not text[0].isdigit():
            names.add(text)
            counted["decisions"] += word in _LOGIC_WORDS
        doubled = kind == "sign" and text in "&|" and sign_before == text
        counted["decisions"] += doubled
        counted["size"] += (kind != "sign" or text in "=+-*/%<>&|^!~?.") and not doubled
        sign_before = text if kind == "sign" and not doubled else ""
    return {
        "size": counted["size"],
        "decisions": counted["decisions"],
        "loops": counted["loops"],
        "names": len(names),
        "depth": counted["depth"],
    }
