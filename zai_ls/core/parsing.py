"""A text with its syntax tree, in an editor's words: lines and code points here, UTF-8 bytes in tree-sitter.

tree-sitter counts rows by `\\n` alone and columns in bytes, so places are converted by byte offset and never by row.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate
from time import thread_time
from typing import TYPE_CHECKING

from zai_ls.core.text import clamp
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Language as TreeLanguage
    from tree_sitter import Node, Parser, Query, Tree

    from zai_ls.core.definitions import Definition
    from zai_ls.core.grammars import Grammar

_LONE_SURROGATES = "surrogatepass"
"""An editor may send half a character; it must not stop us."""
_CHUNK = 4096
"""Bytes that the parser is handed at once."""
_LONG_RUN = 200
"""Signs in a row that no code has."""
_NO_SIGN = re.compile(rb"[\w\"'`\x80-\xff]")
_SIGNS = bytes(byte for byte in range(256) if not _NO_SIGN.match(bytes([byte])))
_BLANKS = b" \t\r\n"
_MOST_STEPS = 50_000_000
"""Steps from sign to sign that a search may take: a tenth of a second."""


class Parsed:
    """One text and its tree."""

    def __init__(self, lines: Sequence[str], data: bytes, tree: Tree, grammar: Grammar) -> None:
        self.lines = lines
        self.data = data
        self.tree = tree
        self.grammar = grammar
        self.definitions: tuple[Definition, ...] | None = None
        """All of them, once they have been asked for."""
        self.inside: dict[tuple[str, int], Parsed | None] = {}
        """Trees of pieces in it that were asked for, by grammar and start in bytes; None for one that cannot be had."""

    def beside(self, tree: Tree, grammar: Grammar) -> Parsed:
        """The same text with the *tree* of a piece in it."""
        other = Parsed(self.lines, self.data, tree, grammar)
        other._starts, other._feeds = self._starts, self._feeds
        other._has_long_runs = self._has_long_runs
        return other

    @property
    def root(self) -> Node:
        """The whole text's node."""
        return self.tree.root_node

    @cached_property
    def is_tangled(self) -> bool:
        """Would a search in the tree take too long? It looks from each bracket for the next name, so thousands in a row are quadratic."""
        if self._has_long_runs:
            return True
        stack = [self.root] if self.root.has_error else []
        while stack:
            node = stack.pop()
            count = node.child_count
            if count * count > _MOST_STEPS and node.named_child_count * 20 < count:
                return True
            stack += (child for child in node.children if child.has_error)
        return False

    @cached_property
    def _has_long_runs(self) -> bool:
        runs = (len(run.translate(None, _BLANKS)) for run in _runs(self.data))
        return sum(count * count for count in runs) > _MOST_STEPS

    @cached_property
    def _starts(self) -> list[int]:
        """Byte offset of each line."""
        return list(accumulate(map(_size, self.lines), initial=0))

    @cached_property
    def _feeds(self) -> list[int]:
        """Byte offset of each line feed."""
        return [match.start() for match in re.finditer(b"\n", self.data)]

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

    def text_in(self, spans: Iterable[tuple[int, int]]) -> str:
        """The text between the bytes of each span, joined."""
        return b"".join(self.data[start:end] for start, end in spans).decode("utf-8", _LONE_SURROGATES)

    def row_and_column(self, byte: int) -> tuple[int, int]:
        """A byte offset as tree-sitter counts places."""
        row = bisect_left(self._feeds, byte)
        return row, byte - (self._feeds[row - 1] + 1 if row else 0)

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

    def within(self, range_: Range, types: frozenset[str]) -> list[Node]:
        """The nodes of *types* that touch *range_*, in order, outer before inner; none in a tree that is tangled."""
        from tree_sitter import QueryCursor

        query = _query(self.tree.language, types)
        if query is None or self.is_tangled:
            return []
        cursor = QueryCursor(query)
        cursor.set_byte_range(self.byte_of(range_.start), self.byte_of(range_.end) + 1)
        found = cursor.captures(self.root).get("found", [])
        return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))


def _runs(data: bytes) -> Iterator[bytes]:
    """The runs of at least `_LONG_RUN` signs: each holds a multiple of it, so the bytes between need no look."""
    at = 0
    while at < len(data):
        if _NO_SIGN.match(data, at):
            at += _LONG_RUN
            continue
        before = max(0, at - _LONG_RUN)
        start = before + len(data[before:at].rstrip(_SIGNS))
        after = _NO_SIGN.search(data, at)
        end = after.start() if after else len(data)
        if end - start >= _LONG_RUN:
            yield data[start:end]
        at += max(1, -(-(end - at) // _LONG_RUN)) * _LONG_RUN


@lru_cache(maxsize=128)
def _query(language: TreeLanguage, types: frozenset[str]) -> Query | None:
    """Finds nodes of *types*; types that this grammar does not know are left out."""
    from tree_sitter import Query

    known = [kind for kind in sorted(types) if language.id_for_node_kind(kind, True) is not None]
    return Query(language, f"[{' '.join(f'({kind})' for kind in known)}] @found") if known else None


def parse(
    parser: Parser,
    grammar: Grammar,
    lines: Sequence[str],
    before: Parsed | None = None,
    *,
    seconds: float = 1.0,
) -> Parsed | None:
    """*lines* with their tree; *before*, an earlier state of the same text, makes it quicker.

    None when it would cost more than *seconds* of this thread's time: text that is no code can cost a hundred times
    what code costs.
    """
    data = "".join(lines).encode("utf-8", _LONE_SURROGATES)
    old = None if before is None or before.grammar is not grammar else _edited(before, data)
    tree = _read(parser, data, old, seconds)
    return None if tree is None else Parsed(lines, data, tree, grammar)


def parse_within(
    parser: Parser, grammar: Grammar, host: Parsed, spans: Sequence[tuple[int, int]], *, seconds: float
) -> Parsed | None:
    """What lies in *spans* of *host*'s text (start and end in bytes, in order), read as one text, with the places of the whole.

    None when it would cost more than *seconds* of this thread's time, or a search in its tree would.
    """
    from tree_sitter import Range as TreeRange

    data = host.data
    rows = [host.row_and_column(byte) for span in spans for byte in span]
    parser.included_ranges = [
        TreeRange(start, end, *span) for start, end, span in zip(rows[::2], rows[1::2], spans, strict=True)
    ]
    try:
        tree = _read(parser, data, None, seconds)
    finally:
        parser.included_ranges = []
    found = None if tree is None else host.beside(tree, grammar)
    return None if found is None or found.is_tangled else found


def _read(parser: Parser, data: bytes, old: Tree | None, seconds: float) -> Tree | None:
    end = thread_time() + seconds
    is_late = False

    def read(byte: int, _: object) -> bytes:
        return data[byte : byte + _CHUNK]

    def late(_: int, __: bool) -> bool:
        nonlocal is_late
        is_late = thread_time() > end
        return is_late

    try:
        if old is None:
            return parser.parse(read, progress_callback=late)
        return parser.parse(read, old, progress_callback=late)
    except ValueError:
        if not is_late:
            raise
        parser.reset()
        return None


def _edited(before: Parsed, data: bytes) -> Tree:
    """The tree of *before*, told where *data* differs: all that lies between what both ends have in common."""
    old = before.data
    tree = before.tree.copy()
    if old == data:
        return tree
    start = _common_head(old, data)
    end = _common_tail(old, data, min(len(old), len(data)) - start)
    tree.edit(
        start_byte=start,
        old_end_byte=len(old) - end,
        new_end_byte=len(data) - end,
        start_point=_row_and_column(data, start),
        old_end_point=_row_and_column(old, len(old) - end),
        new_end_point=_row_and_column(data, len(data) - end),
    )
    return tree


def _common_head(old: bytes, new: bytes) -> int:
    """How many bytes of whole characters both start with: by halving, for comparing slices is nearly free."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    while low and (_is_inside(old, low) or _is_inside(new, low)):
        low -= 1
    return low


def _common_tail(old: bytes, new: bytes, most: int) -> int:
    """How many bytes of whole characters, *most* at most, both end with."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    while low and (_is_inside(old, len(old) - low) or _is_inside(new, len(new) - low)):
        low -= 1
    return low


def _is_inside(data: bytes, byte: int) -> bool:
    """Does a character go on across *byte*?"""
    return byte < len(data) and data[byte] & 0xC0 == 0x80


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
