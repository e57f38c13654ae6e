"""A text with its syntax tree, in an editor's words: lines and code points here, UTF-8 bytes in tree-sitter.

tree-sitter counts rows by `\\n` alone and columns in bytes, so places are converted by byte offset and never by row.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from zai_ls.core.hunks import common_ends
from zai_ls.core.text import clamp
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node, Parser, Tree

    from zai_ls.core.grammars import Grammar

_LONE_SURROGATES = "surrogatepass"
"""An editor may send half a character; it must not stop us."""


class Parsed:
    """One text and its tree."""

    def __init__(self, lines: Sequence[str], data: bytes, tree: Tree, grammar: Grammar) -> None:
        self.lines = lines
        self.data = data
        self.tree = tree
        self.grammar = grammar

    @property
    def root(self) -> Node:
        """The whole text's node."""
        return self.tree.root_node

    @cached_property
    def _starts(self) -> list[int]:
        """Byte offset of each line."""
        return list(accumulate(map(_size, self.lines), initial=0))

    def byte_of(self, point: Point) -> int:
        """The byte offset of *point*, which is moved to the nearest place that exists."""
        place = clamp(self.lines, point)
        return self._starts[place.line] + _size(self.lines[place.line][: place.column])

    def point_of(self, byte: int) -> Point:
        """The place of a byte offset; inside a character, that character's start."""
        line = min(bisect_right(self._starts, byte) - 1, len(self.lines) - 1)
        offset, text = byte - self._starts[line], self.lines[line]
        if text.isascii():
            return Point(line, min(offset, len(text)))
        head = text.encode("utf-8", _LONE_SURROGATES)[:offset]
        while head:
            try:
                return Point(line, len(head.decode("utf-8", _LONE_SURROGATES)))
            except UnicodeDecodeError:
                head = head[:-1]
        return Point(line, 0)

    def range_of(self, node: Node) -> Range:
        """What *node* covers, without a line ending at its end."""
        end = node.end_byte
        while end > node.start_byte and self.data[end - 1] in b"\r\n":
            end -= 1
        return Range(self.point_of(node.start_byte), self.point_of(end))

    def text_of(self, node: Node) -> str:
        """The text that *node* covers."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", _LONE_SURROGATES)

    def at(self, range_: Range) -> Node:
        """The smallest named node around *range_*."""
        start, end = self.byte_of(range_.start), self.byte_of(range_.end)
        return self.root.named_descendant_for_byte_range(start, end) or self.root

    def around(self, range_: Range) -> Iterator[Node]:
        """The nodes around *range_*, the smallest first."""
        node: Node | None = self.at(range_)
        while node is not None:
            yield node
            node = node.parent

    def within(self, range_: Range, types: frozenset[str]) -> Iterator[Node]:
        """The nodes of *types* that touch *range_*, in order; what lies in one of them is not looked at."""
        start, end = self.byte_of(range_.start), self.byte_of(range_.end)
        stack = [self.at(range_)]
        while stack:
            node = stack.pop()
            if node.end_byte < start or node.start_byte > end:
                continue
            if node.type in types:
                yield node
            else:
                stack += reversed(node.children)


def parse(parser: Parser, grammar: Grammar, lines: Sequence[str], before: Parsed | None = None) -> Parsed:
    """*lines* with their tree; *before*, an earlier state of the same text, makes it quicker."""
    data = "".join(lines).encode("utf-8", _LONE_SURROGATES)
    if before is None or before.grammar is not grammar:
        return Parsed(lines, data, parser.parse(data), grammar)
    return Parsed(lines, data, parser.parse(data, _edited(before, lines, data)), grammar)


def _edited(before: Parsed, lines: Sequence[str], data: bytes) -> Tree:
    """The tree of *before*, told where *lines* differ: all that lies between what both ends have in common."""
    old = before.lines
    head, tail = common_ends(old, lines)
    start = sum(map(_size, lines[:head]))
    end = sum(map(_size, lines[len(lines) - tail :])) if tail else 0
    tree = before.tree.copy()
    if head == len(old) == len(lines):
        return tree
    tree.edit(
        start_byte=start,
        old_end_byte=len(before.data) - end,
        new_end_byte=len(data) - end,
        start_point=_row_and_column(data, start),
        old_end_point=_row_and_column(before.data, len(before.data) - end),
        new_end_point=_row_and_column(data, len(data) - end),
    )
    return tree


def _row_and_column(data: bytes, byte: int) -> tuple[int, int]:
    """A byte offset as tree-sitter counts places."""
    return data.count(b"\n", 0, byte), byte - (data.rfind(b"\n", 0, byte) + 1)


def _size(text: str) -> int:
    """Bytes of *text* in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", _LONE_SURROGATES))


def faults(root: Node) -> int:
    """How many places the grammar could not read: errors, and things it had to add to go on."""
    if not root.has_error:
        return 0
    found = 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found += 1
        if node.has_error and not node.is_missing:
            stack += node.children
    return found
