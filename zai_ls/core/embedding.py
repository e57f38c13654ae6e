"""Code in a text of another language: fences in Markdown, scripts and styles in HTML and in what looks like it.

A piece is told by spans of bytes: in a list or a quotation each of its lines has marks before it that are not its own.
Its tree is read from those spans alone and has the places of the whole text (tree-sitter's "included ranges").
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from zai_ls.core.languages import language, language_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed
    from zai_ls.domain import Range

Spans: TypeAlias = "tuple[tuple[int, int], ...]"
"""Start and end of each, in bytes of the whole text, in order."""

MARKUP = frozenset({"vue", "svelte"})
"""Languages whose scripts and styles the grammar of HTML finds."""
DEEPEST = 3
"""Pieces in pieces: a script in a page in a fence is the second."""
_DIRECTIVE = re.compile(r"\s*(?:\{[\w-]+\}\s*)?[{.\s]*([\w+#-]+)")
"""An info string up to its language: `python`, `{.python .a}`, `{code-block} python`, `rust,ignore`, `{r, a=1}`."""
_BODIES = frozenset({"function_body", "procedure_body"})
"""Of functions in a database."""
_KINDS = {
    "": "javascript",
    "module": "javascript",
    "ecmascript": "javascript",
    "babel": "javascriptreact",
    "importmap": "json",
    "speculationrules": "json",
    "template": "html",
    "plain": "plaintext",
}
"""What the `type` of a script means, where that is no name of a language."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a range holds in one language."""

    language: str
    """Its id; for a language that we do not know, what the text calls it."""
    parsed: Parsed | None
    """Its tree, in the places of the whole text. None: words must do."""
    lines: Sequence[str]
    """The whole text's, where there is a tree; else its own alone."""
    range: Range
    """What of *lines* counts."""
    spans: Spans = ()
    """Where it lies; without the pieces in it, when it has no tree."""


def found(host: Parsed, spans: Spans, range_: Range) -> Iterator[tuple[str, Spans]]:
    """The pieces in *host*, which lies in *spans*, that touch *range_*: language id and spans. Those of no language are left out."""
    for node in host.within(range_, host.grammar.embeds):
        said = _said(host, node)
        name = language_named(said) or said
        row = language(name)
        if not name or (row.prose and not row.grammar):
            continue
        marks = [
            (each.start_byte, each.end_byte) for each in node.children if each.type == "block_continuation"
        ]
        inside = without(common(spans, node.start_byte, node.end_byte), marks)
        if inside:
            yield name, inside


def _said(host: Parsed, content: Node) -> str:
    """What *host* says of the language of *content*."""
    if content.type == "raw_text":
        return _by_tag(host, content)
    if content.type in _BODIES:
        return "plpgsql"  # whichever it is: its words say more than a grammar of queries does
    return _by_info(host, content)


def _by_info(host: Parsed, content: Node) -> str:
    """The language that the line above *content* names; empty when it names none."""
    info = content.prev_named_sibling
    while info is not None and info.type != "info_string":
        info = info.prev_named_sibling
    match = None if info is None else _DIRECTIVE.match(host.text_of(info))
    return match[1].lower() if match else ""


def _by_tag(host: Parsed, content: Node) -> str:
    """The language of a script or a style: by `lang`, by `type`, else the usual one."""
    tag = content.prev_named_sibling
    if tag is None or tag.type != "start_tag":
        return ""
    said: dict[str, str] = {}
    for child in tag.named_children:
        words = host.text_of(child)
        if child.type == "tag_name":
            said["tag"] = words.lower()
        elif child.type == "attribute":
            name, _, value = words.partition("=")
            said[name.strip().lower()] = value.strip().strip("\"'").lower()
    kind = said.get("lang") or said.get("type", "")
    kind = re.split(r"[/+]", kind.partition(";")[0].strip())[-1].removeprefix("x-")
    if said.get("tag") == "style":
        return kind or "css"
    return _KINDS.get(kind, kind)


def common(spans: Spans, start: int, end: int) -> Spans:
    """What of *spans* lies between *start* and *end*."""
    first = max(0, bisect_right(spans, (start, 0)) - 1)
    touched = spans[first : bisect_left(spans, (end, 0))]
    clipped = ((max(low, start), min(high, end)) for low, high in touched)
    return tuple((low, high) for low, high in clipped if low < high)


def without(spans: Spans, others: Iterable[tuple[int, int]]) -> Spans:
    """*spans* without what lies in *others*, which are in order and do not overlap."""
    left: list[tuple[int, int]] = []
    holes = list(others)
    at = 0
    for start, end in spans:
        low = start
        while at < len(holes) and holes[at][1] <= low:
            at += 1
        here = at
        while here < len(holes) and holes[here][0] < end:
            left.append((low, holes[here][0]))
            low = max(low, holes[here][1])
            here += 1
        left.append((low, end))
    return tuple((low, high) for low, high in left if low < high)


def holds(spans: Spans, byte: int) -> bool:
    """Does *byte* lie in one of *spans*?"""
    return bool(common(spans, byte, byte + 1))
