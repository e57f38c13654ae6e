"""Functions, classes and the like, found in a syntax tree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from zai_ls.core.text import body_of, first_character, whole
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed

Kind = Literal["function", "method", "class", "type", "module"]

_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function", "generator_function", "class"})
"""Values that make an assignment a definition."""
_LONGEST_HEAD = 12
"""Lines of a head that are told: a long list of parameters is not."""
_MOST_ATTACHED = 60


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name and a body."""

    name: str
    kind: Kind
    range: Range
    """Whole lines, with decorators and comments directly above; the last line's ending is not in it."""
    head: int
    """The line on which it starts without those."""
    body: int
    """The line on which its body starts."""
    place: Range
    """What of these lines it is itself: less than *range* where its first or last line holds something else as well."""


def enclosing(parsed: Parsed, point: Point) -> Definition | None:
    """The smallest definition whose lines hold *point*: comments and decorators above it count as its own."""
    line = min(point.line, len(parsed.lines) - 1)
    place = first_character(parsed.lines, line)
    nodes = list(parsed.around(Range(place, place)))
    below = _spoken_of(parsed, nodes)
    for node in nodes if below is None else [below, *nodes]:
        found = _definition(parsed, node)
        if found is not None and found.range.start.line <= line <= found.range.end.line:
            return found
    return None


def found(parsed: Parsed) -> tuple[Definition, ...]:
    """All definitions in order, outer before inner."""
    if parsed.definitions is None:
        nodes = parsed.within(whole(parsed.lines), frozenset(parsed.grammar.definitions))
        each = (_definition(parsed, node) for node in nodes)
        parsed.definitions = tuple(definition for definition in each if definition is not None)
    return parsed.definitions


def heads(parsed: Parsed, range_: Range) -> tuple[int, ...]:
    """Line numbers of the heads of the definitions that hold all of *range_* and more, outermost first."""
    lines: list[int] = []
    start = first_character(parsed.lines, range_.start.line)
    for node in parsed.around(Range(start, max(start, range_.end))):
        definition = _definition(parsed, node)
        if definition is not None and definition.head < range_.start.line:
            last = min(max(definition.head, definition.body), definition.head + _LONGEST_HEAD)
            body_below = definition.body > definition.head and not _opens_body(parsed.lines[definition.body])
            lines[:0] = range(definition.head, last if body_below else last + 1)
    return tuple(n for n in dict.fromkeys(lines) if n < range_.start.line and parsed.lines[n].strip())


def imports(parsed: Parsed) -> tuple[int, ...]:
    """Line numbers of import statements at the top level, and of those that a branch there guards."""
    lines: list[int] = []
    for node in _top(parsed):
        if node.type in parsed.grammar.imports:
            covered = parsed.range_of(node)
            lines += range(covered.start.line, covered.end.line + 1)
    return tuple(dict.fromkeys(lines))


def bodies(parsed: Parsed, range_: Range) -> Iterator[Node]:
    """The bodies of the functions that lie in *range_*."""
    start = first_character(parsed.lines, range_.start.line)
    low, high = parsed.byte_of(start), parsed.byte_of(range_.end)
    kinds = parsed.grammar.definitions
    for node in parsed.within(
        range_, frozenset(kind for kind in kinds if kinds[kind] in {"function", "method"})
    ):
        body = node.child_by_field_name("body")
        if body is not None and low <= node.start_byte and node.end_byte <= high:
            yield body


def _top(parsed: Parsed) -> Iterator[Node]:
    for node in parsed.root.named_children:
        yield node
        if node.type in parsed.grammar.branches:
            for inner in node.named_children:
                if inner.type in parsed.grammar.bodies:
                    yield from inner.named_children


# -- one definition -----------------------------------------------------------------------------------------


def _definition(parsed: Parsed, node: Node) -> Definition | None:
    """*node* as a definition; None when it is none, or only part of one that holds it."""
    kind = parsed.grammar.definitions.get(node.type)
    if kind is None:
        return None
    body = _body(node)
    value = node
    if node.type in {
        "variable_declarator",
        "assignment_expression",
        "pair",
        "public_field_definition",
        "field_definition",
    }:
        inner = node.child_by_field_name("value") or node.child_by_field_name("right")
        if inner is None or inner.type not in _FUNCTIONS:
            return None
        value, body = inner, inner.child_by_field_name("body")
        kind = "class" if inner.type == "class" else kind
    if body is None and value.type.endswith("_specifier"):
        return None  # C's `struct x` as the type of something
    outer = _outermost(node, parsed.grammar.wrappers)
    covered = parsed.range_of(outer)
    first = _with_attached(parsed, outer)
    last = covered.end.line
    if kind == "function" and _in_class(parsed, outer):
        kind = "method"
    head = parsed.point_of(node.start_byte).line
    return Definition(
        name=_name(parsed, node),
        kind=_KINDS[kind],
        range=Range(Point(first.line, 0), Point(last, len(body_of(parsed.lines[last])))),
        head=head,
        body=head if body is None else parsed.point_of(body.start_byte).line,
        place=Range(first, covered.end),
    )


_KINDS: dict[str, Kind] = {
    "function": "function",
    "method": "method",
    "class": "class",
    "type": "type",
    "module": "module",
}


def _body(node: Node) -> Node | None:
    return node.child_by_field_name("body") or next(
        (child for child in node.named_children if child.type.endswith(("_body", "_list", "block"))), None
    )


def _outermost(node: Node, wrappers: frozenset[str]) -> Node:
    while node.parent is not None and node.parent.type in wrappers:
        node = node.parent
    return node


def _with_attached(parsed: Parsed, node: Node) -> Point:
    """The start of *node* and of the comments and decorators directly above it."""
    grammar = parsed.grammar
    first = parsed.point_of(node.start_byte)
    above = node.prev_named_sibling
    for _ in range(_MOST_ATTACHED):
        if above is None or (above.type not in grammar.comments and above.type not in grammar.attached):
            break
        covered = parsed.range_of(above)
        starts_line = not parsed.lines[covered.start.line][: covered.start.column].strip()
        if covered.end.line < first.line - 1 or covered.start.line > first.line or not starts_line:
            break
        first = min(first, covered.start)
        above = above.prev_named_sibling
    return first


def _in_class(parsed: Parsed, node: Node) -> bool:
    above = node.parent
    while above is not None:
        kind = parsed.grammar.definitions.get(above.type)
        if kind is not None:
            return kind == "class"
        above = above.parent
    return False


def _name(parsed: Parsed, node: Node) -> str:
    """What it is called; empty when it has no name."""
    found = next(
        (
            child
            for field in ("name", "declarator", "left", "key", "property", "type")
            if (child := node.child_by_field_name(field)) is not None
        ),
        None,
    )
    while found is not None and (inner := found.child_by_field_name("declarator")) is not None:
        found = inner  # C: pointers and parameters around the name
    if found is None:
        found = next(
            (
                c.child_by_field_name("name")
                for c in node.named_children
                if c.type.endswith("_spec") or c.type == "object_reference"
            ),
            None,
        )
    return "" if found is None else " ".join(parsed.text_of(found).split())


# -- places -------------------------------------------------------------------------------------------------


def _spoken_of(parsed: Parsed, nodes: Sequence[Node]) -> Node | None:
    """The definition that a comment, decorator or the like belongs to; *nodes* lie around one place, the smallest first."""
    grammar = parsed.grammar
    belonging = grammar.comments | grammar.attached | grammar.wrappers
    inner = takewhile(lambda node: node.type not in grammar.definitions, nodes)
    node = next((n for n in inner if n.type in belonging), None)
    for _ in range(_MOST_ATTACHED):
        if node is None or (node.type not in grammar.comments and node.type not in grammar.attached):
            break
        node = node.next_named_sibling
    while node is not None and node.type in grammar.wrappers:
        inside = (
            child
            for child in node.named_children
            if child.type in grammar.wrappers or child.type in grammar.definitions
        )
        node = next(inside, None)
    return node


def _opens_body(line: str) -> bool:
    """Does this line only open the body, so that it belongs to the head?"""
    return line.strip() in {"{", "begin", "do"}
