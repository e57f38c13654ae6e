"""What is typed: runs of statements inside functions of real Python files, each in its place between what stays.

Files: some of the standard library of the running Python, and some of the project's own. All that is typed in a file is
missing when it is opened, and typed from top to bottom.
A hole runs from the end of a line to the end of a later one, so that its first key is Enter.
"""

from __future__ import annotations

import ast
import importlib
import random
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD = (
    "calendar",
    "cmd",
    "contextlib",
    "csv",
    "glob",
    "pprint",
    "queue",
    "shlex",
    "textwrap",
    "timeit",
    "tokenize",
)
OWN = (
    "zai_ls.cli.files",
    "zai_ls.core.routing",
    "zai_ls.core.scheduling",
    "zai_ls.glm.refusals",
    "zai_ls.lsp.transport",
    "zai_ls.state.db",
)
FEWEST_LINES, MOST_LINES = 4, 14


@dataclass(frozen=True)
class Source:
    """A file."""

    name: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """With their endings; only `\\n` ends one."""
        return [line + "\n" for line in self.text.split("\n")]


@dataclass(frozen=True)
class Hole:
    """A part of a file that is typed: `text[start:end]`."""

    source: Source
    start: int
    end: int
    after: str = ""
    """What stands after it while it is typed: the rest of the file, without the holes to come."""

    @property
    def text(self) -> str:
        """What is to be typed."""
        return self.source.text[self.start : self.end]

    @property
    def keys(self) -> int:
        """How many keys its text takes without mistakes; indentation comes by itself."""
        return keys_of(self.text)


def keys_of(text: str) -> int:
    """Keys for *text*: its characters but for the blanks after a line end, which the editor puts there."""
    first, *others = text.split("\n")
    return len(first) + sum(1 + len(line.lstrip(" ")) for line in others)


def sources() -> list[Source]:
    """All of them."""
    found = []
    for name in (*STANDARD, *OWN):
        module = importlib.import_module(name)
        path = Path(str(module.__file__))
        found.append(Source(f"{name.replace('.', '/')}.py", path.read_text(encoding="utf-8")))
    return found


def holes(keys: int, seed: int) -> list[Hole]:
    """Holes of about *keys* keys altogether, about as many from each file; in a file from top to bottom."""
    dice = random.Random(seed)
    piles = [sorted(_candidates(source), key=lambda _: dice.random()) for source in sources()]
    chosen: list[list[Hole]] = [[] for _ in piles]
    total = 0
    while any(piles) and total < keys:
        for pile, mine in zip(piles, chosen, strict=True):
            if not pile or total >= keys:
                continue
            hole = pile.pop()
            if all(hole.end < other.start or other.end < hole.start for other in mine):
                mine.append(hole)
                total += hole.keys
    return [hole for mine in chosen for hole in _in_order(mine)]


def _in_order(holes: list[Hole]) -> Iterator[Hole]:
    ordered = sorted(holes, key=lambda hole: hole.start)
    for number, hole in enumerate(ordered):
        text, at = hole.source.text, hole.end
        after = ""
        for later in ordered[number + 1 :]:
            after += text[at : later.start]
            at = later.end
        yield replace(hole, after=after + text[at:])


def _candidates(source: Source) -> Iterator[Hole]:
    """One hole for each function that is long enough: its statements, or as many from a seeded one on."""
    starts = [0]
    for line in source.lines:
        starts.append(starts[-1] + len(line))
    dice = random.Random(source.name)
    for node in ast.walk(ast.parse(source.text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if not body or body[0].lineno == node.lineno:
            continue
        first = dice.randrange(max(1, len(body) - 3))
        last = first
        while last + 1 < len(body) and body[last + 1].end_lineno - body[first].lineno < MOST_LINES:  # type: ignore[operator] # parsed
            last += 1
        begin, end = body[first].lineno, body[last].end_lineno or 0
        text = source.text[starts[begin - 1] - 1 : starts[end] - 1]
        is_plain = text.isascii() and "\t" not in text
        if FEWEST_LINES <= end - begin + 1 <= MOST_LINES and is_plain:
            yield Hole(source, starts[begin - 1] - 1, starts[end] - 1)
