"""What is known about code as code: what encloses a place, whether a text is sound, where its comments are.

Grammars are loaded on first use. Without one (no package has it, or the text is too large) lines and indentation must do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from time import thread_time
from typing import TYPE_CHECKING

from zai_ls.core import comments, context, definitions, embedding, outline
from zai_ls.core.definitions import Definition
from zai_ls.core.embedding import MARKUP, Part
from zai_ls.core.grammars import GRAMMARS, grammar_of, load
from zai_ls.core.languages import language
from zai_ls.core.parsing import Parsed, faults, parse, parse_within
from zai_ls.core.text import body_of, first_character, split_lines, whole
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Parser

    from zai_ls.core.comments import Comment, Instruction
    from zai_ls.core.context import Surroundings
    from zai_ls.core.embedding import Spans
    from zai_ls.core.grammars import Grammar
    from zai_ls.domain import Snapshot

__all__ = ["Definition", "Syntax"]

_MOST_CHARACTERS = 1_000_000
"""Longest text that gets a tree."""
_LONGEST_LINE = 20_000
"""Characters; a text with a longer line was not written by hand."""
_READ_S = 0.15
"""Of our own time, for a tree that a list of actions waits for: that of 300 000 characters of code."""
_CHECK_S = 1.0
"""The same for a check before an answer is applied."""
_AS_MARKUP = " as HTML"
"""Behind a document's URI: its tree by that grammar, beside its own."""


@dataclass(slots=True)
class _Remembered:
    language: str
    lines: Sequence[str]
    parsed: Parsed | None
    """None when *lines* cost too much, which takes a look at all of them to know."""


def is_too_long(lines: Sequence[str]) -> bool:
    """Is there so much of it, or so much in one line, that no tree is made of it?"""
    return sum(map(len, lines)) > _MOST_CHARACTERS or max(map(len, lines), default=0) > _LONGEST_LINE


class Syntax:
    """Reads code. One for each process; remembers the trees of the documents asked for last."""

    def __init__(self, cache: str | None = None, trees: int = 8) -> None:
        self._cache = cache
        self._most = trees
        self._parsers: dict[str, Parser | None] = {}
        self._trees: dict[str, _Remembered] = {}
        self._too_slow: dict[str, int] = {}
        """Documents that were given up while their trees were made, and how long they were."""
        self._outline = outline.Outline(())
        """Of the text without a tree that was asked for last."""

    # -- trees -----------------------------------------------------------------------------------------------

    def parse(self, snapshot: Snapshot) -> Parsed | None:
        """The document's tree, made from its last one where that is remembered; None without a grammar, or when it costs too much."""
        parser, grammar = self._parser(snapshot.language)
        known = self._trees.pop(snapshot.uri, None)
        if parser is None:
            return None
        if known is None or known.language != snapshot.language or known.lines is not snapshot.lines:
            before = None if known is None or known.language != snapshot.language else known.parsed
            parsed = self._parsed(parser, grammar, snapshot, before)
            known = _Remembered(snapshot.language, snapshot.lines, parsed)
        self._trees[snapshot.uri] = known
        while len(self._trees) > self._most:
            del self._trees[next(iter(self._trees))]
        return None if known.parsed is None or known.parsed.is_tangled else known.parsed

    def parse_beside(self, lines: Sequence[str], snapshot: Snapshot) -> Parsed | None:
        """The tree of *lines*, which differ little from *snapshot*; nothing is remembered. None as for `parse`."""
        parser, grammar = self._parser(snapshot.language)
        known = self._trees.get(snapshot.uri)
        if parser is None:
            return None
        before = known.parsed if known is not None and known.language == snapshot.language else None
        return parse(parser, grammar, lines, before, seconds=_READ_S)

    def _parsed(
        self, parser: Parser, grammar: Grammar, snapshot: Snapshot, before: Parsed | None
    ) -> Parsed | None:
        """A new tree, unless it is known, or found out, to cost too much."""
        size = sum(map(len, snapshot.lines))
        if is_too_long(snapshot.lines):
            return None
        if size > 0.9 * self._too_slow.get(snapshot.uri, 2 * size):
            return None
        parsed = parse(parser, grammar, snapshot.lines, before, seconds=_READ_S)
        if parsed is None:
            self._too_slow[snapshot.uri] = size
        else:
            self._too_slow.pop(snapshot.uri, None)
        return parsed

    def forget(self, uri: str) -> None:
        """The document was closed."""
        for each in (uri, uri + _AS_MARKUP):
            self._trees.pop(each, None)
            self._too_slow.pop(each, None)

    def _parser(self, language_id: str) -> tuple[Parser | None, Grammar]:
        return self._parser_named(language(language_id).grammar)

    def _parser_named(self, name: str) -> tuple[Parser | None, Grammar]:
        grammar = grammar_of(name)
        if grammar.name not in self._parsers:
            self._parsers[grammar.name] = _parser_of(grammar, self._cache)
        return self._parsers[grammar.name], grammar

    # -- pieces in other languages ---------------------------------------------------------------------------

    def parts(self, snapshot: Snapshot, range_: Range) -> tuple[Part, ...]:
        """What *range_* holds, by language: the document's own first, then the pieces in it that the range touches, outer before inner."""
        own, host = self._own_and_host(snapshot)
        if host is None:
            return (Part(snapshot.language, own, snapshot.lines, range_),)
        everything = ((0, len(host.data)),)
        end = thread_time() + _READ_S
        return tuple(self._parts_of(snapshot.language, own, host, everything, range_, end, embedding.DEEPEST))

    def _own_and_host(self, snapshot: Snapshot) -> tuple[Parsed | None, Parsed | None]:
        """The document's tree, if it is known what is what in it; and the tree that tells where other languages are, if there can be any."""
        parsed = self.parse(snapshot)
        own = parsed if parsed is not None and parsed.grammar.name in GRAMMARS else None
        if snapshot.language in MARKUP:
            return own, self.parse(replace(snapshot, uri=snapshot.uri + _AS_MARKUP, language="html"))
        return own, own if own is not None and own.grammar.embeds else None

    def _parts_of(
        self,
        language_id: str,
        own: Parsed | None,
        host: Parsed,
        spans: Spans,
        range_: Range,
        end: float,
        deepest: int,
    ) -> Iterator[Part]:
        """What lies in *spans* of *host*'s text, and the pieces in that; no more trees are made after *end*."""
        pieces = list(embedding.found(host, spans, range_)) if deepest and host.grammar.embeds else []
        if own is not None:
            yield Part(language_id, own, own.lines, range_, spans)
        else:
            left = embedding.without(spans, chain.from_iterable(inside for _, inside in pieces))
            low, high = host.byte_of(range_.start), host.byte_of(range_.end)
            lines = split_lines(host.text_in(embedding.common(left, low, high)))
            yield Part(language_id, None, lines, whole(lines), left)
        for name, inside in pieces:
            grammar = language(name).grammar
            if name == "php" and "<?" not in host.text_in(inside):
                grammar = "php_only"
            tree = self._inside(host, grammar, inside, end)
            markup = self._inside(host, "html", inside, end) if name in MARKUP else tree
            yield from self._parts_of(
                name, tree, markup or host, inside, range_, end, deepest - 1 if markup else 0
            )

    def _inside(self, host: Parsed, name: str, spans: Spans, end: float) -> Parsed | None:
        """The tree of a piece of *host*, by the grammar of that *name*; None without one, or when it costs too much."""
        key = name, spans[0][0]
        if key not in host.inside:
            seconds = end - thread_time()
            parser, grammar = self._parser_named(name if name in GRAMMARS else "")
            if parser is not None and seconds <= 0:
                return None
            host.inside[key] = (
                None if parser is None else parse_within(parser, grammar, host, spans, seconds=seconds)
            )
        return host.inside[key]

    # -- soundness -------------------------------------------------------------------------------------------

    def is_sound(self, text: str, language_id: str) -> bool | None:
        """Can *text* be read as *language_id*? None when there is no telling."""
        errors = self._errors(text, language_id)
        return None if errors is None else errors == 0

    def errors_in(self, text: str, language_id: str) -> int:
        """How many faults *text* has; a file that was broken before is judged by whether it has more. 0 when there is no telling."""
        return self._errors(text, language_id) or 0

    def _errors(self, text: str, language_id: str) -> int | None:
        parser, grammar = self._parser(language_id)
        if parser is None or len(text) > _MOST_CHARACTERS:
            return None
        parsed = parse(parser, grammar, split_lines(text), seconds=_CHECK_S)
        if parsed is None:
            return None
        found = faults(parsed.root)
        if grammar.name == "python" and not found:
            found += _misindented(text)
        return found

    def is_misindented(self, text: str) -> bool:
        """Is *text*, in Python, one that Python itself cannot indent?"""
        return bool(_misindented(text))

    # -- definitions -----------------------------------------------------------------------------------------

    def enclosing_definition(self, snapshot: Snapshot, point: Point) -> Definition | None:
        """The smallest definition around *point*: whole lines, with decorators and comments directly above it."""
        parsed = self._outlined(snapshot) or self._outlined_inside(snapshot, point.line)
        if parsed is None:
            known = self._outline
            if known.lines is not snapshot.lines:
                known = self._outline = outline.Outline(snapshot.lines)
            return known.enclosing(point)
        return definitions.enclosing(parsed, point)

    def _outlined_inside(self, snapshot: Snapshot, line: int) -> Parsed | None:
        """The same for the piece that *line* begins in."""
        line = min(line, len(snapshot.lines) - 1)
        place = first_character(snapshot.lines, line)
        around = Range(place, Point(line, len(body_of(snapshot.lines[line]))))
        return next(
            (
                part.parsed
                for part in reversed(self.parts(snapshot, around))
                if part.parsed is not None
                and part.parsed.grammar.definitions
                and embedding.holds(part.spans, part.parsed.byte_of(place))
            ),
            None,
        )

    def definition_at_or_none(self, snapshot: Snapshot, range_: Range) -> Definition | None:
        """The definition that *range_* is, give or take blank lines; None when it is something else."""
        lines = snapshot.lines
        first, last = range_.start.line, range_.end.line - (range_.end.column == 0 < range_.end.line)
        filled = next((number for number in range(first, last + 1) if lines[number].strip()), first)
        found = self.enclosing_definition(snapshot, Point(filled, 0))
        if found is None:
            return None
        start, end = found.range.start.line, found.range.end.line
        outside = (*lines[min(first, start) : start], *lines[end + 1 : last + 1])
        covers = first <= found.head and end <= last
        return found if covers and not any(line.strip() for line in outside) else None

    def definitions(self, snapshot: Snapshot) -> tuple[Definition, ...]:
        """All definitions, in order, outer before inner."""
        parsed = self._outlined(snapshot)
        if parsed is not None:
            return definitions.found(parsed)
        outlined = outline.found(snapshot.lines)
        _, host = self._own_and_host(snapshot)
        if host is None:
            return outlined
        parts = self.parts(snapshot, whole(snapshot.lines))
        found = [each for part in parts if part.parsed is not None for each in definitions.found(part.parsed)]
        by_words = [part.spans for part in parts if part.parsed is None]
        heads = [(each, host.byte_of(first_character(snapshot.lines, each.head))) for each in outlined]
        found += [each for each, byte in heads if any(embedding.holds(spans, byte) for spans in by_words)]
        return tuple(sorted(found, key=lambda each: (each.range.start, -each.range.end.line, each.head)))

    def enclosing_heads(self, snapshot: Snapshot, range_: Range) -> tuple[int, ...]:
        """Line numbers of the heads (up to where the body begins) of the definitions around *range_*, outermost first."""
        parsed = self._outlined(snapshot)
        return outline.heads(snapshot.lines, range_) if parsed is None else definitions.heads(parsed, range_)

    def _outlined(self, snapshot: Snapshot) -> Parsed | None:
        """The tree, if it is known what definitions are called in it."""
        parsed = self.parse(snapshot)
        return parsed if parsed is not None and parsed.grammar.definitions else None

    def imports(self, snapshot: Snapshot) -> tuple[int, ...]:
        """Line numbers of the file's imports."""
        parsed = self.parse(snapshot)
        if parsed is None or not parsed.grammar.imports:
            return outline.imports(snapshot.lines)
        return definitions.imports(parsed)

    def surroundings(
        self, snapshot: Snapshot, target: Range, *, budget: int, below_share: float = 1.0
    ) -> Surroundings:
        """What to show a model around *target* for at most *budget* tokens, below it at most *below_share* of them."""
        borders = {definition.range.start.line for definition in self.definitions(snapshot)}
        return context.surroundings(
            snapshot,
            target,
            budget=budget,
            below_share=below_share,
            imports=self.imports(snapshot),
            enclosing=self.enclosing_heads(snapshot, target),
            borders=borders,
        )

    # -- comments --------------------------------------------------------------------------------------------

    def comments(self, snapshot: Snapshot, range_: Range) -> list[Comment]:
        """The comments and docstrings in *range_*, in order."""
        return comments.found(self.parse(snapshot), snapshot, range_)

    def zai_comments(self, snapshot: Snapshot, range_: Range) -> list[Instruction]:
        """The instructions in comments `zai: …` inside *range_* or directly above it, in order."""
        return comments.instructions(self.parse(snapshot), snapshot, range_)

    def has_comments(self, snapshot: Snapshot, range_: Range) -> bool:
        """Is there a comment in *range_*?"""
        return bool(self.comments(snapshot, range_))

    def has_comments_in_other_language(self, snapshot: Snapshot, range_: Range) -> bool:
        """Is there a comment with letters that English has not?"""
        return comments.any_foreign(self.parse(snapshot), snapshot, range_)

    def todo_or_stub(self, snapshot: Snapshot, range_: Range) -> bool:
        """Is something left to write in *range_*: a TODO, a body without code, a call that says "not implemented"?"""
        return comments.any_todo(self.parse(snapshot), snapshot, range_) or outline.any_stub(
            self.parse(snapshot), snapshot, range_
        )


def _parser_of(grammar: Grammar, cache: str | None) -> Parser | None:
    if not grammar.name:
        return None
    try:
        from tree_sitter import Parser
    except ImportError:
        return None
    found = load(grammar, cache)
    return None if found is None else Parser(found)


def _misindented(text: str) -> int:
    """Python's grammar lets wrong indentation pass, Python does not, in any version: 1 for a text it cannot indent."""
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(
                text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
            )
        except IndentationError:
            return 1
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            return 0  # newer than this Python, or beyond its parser: the grammar's word stands
    return 0
