"""`zai-ls score`: how hard code is, by which features, and which model it would get. Local: nothing is sent."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.exits import BadUse, Exit
from zai_ls.cli.files import Unreadable
from zai_ls.cli.flags import configuration, for_project, tell_problems
from zai_ls.cli.run import editor_for
from zai_ls.cli.target import Target, parse_target
from zai_ls.core.languages import language, language_of
from zai_ls.core.offers import target_of, whole_lines
from zai_ls.core.routing import Routing
from zai_ls.core.syntax import is_too_long
from zai_ls.core.text import whole
from zai_ls.messages import say
from zai_ls.visible import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zai_ls.cli.files import FileEditor
    from zai_ls.config import Config
    from zai_ls.core.syntax import Syntax
    from zai_ls.domain import Point, Range, Snapshot


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that is scored by itself."""

    name: str
    """Of the definition; empty for anything else."""
    range: Range
    """Whole lines; less where a definition shares its first or last line with another one."""


_COLOURS = {"light": "green", "standard": "yellow", "strong": "red"}
_TOLD = 3
"""Reasons that are told of each."""
_LEAST = 0.1
"""Part of the score that a reason makes at least."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is told of a piece."""

    path: Path
    piece: Piece
    value: float
    tier: str
    model: str
    features: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """For another program."""
        return {
            "path": str(self.path),
            "name": self.piece.name,
            "range": self._lines(),
            "score": round(self.value, 3),
            "tier": self.tier,
            "model": self.model,
            "features": {name: round(amount, 3) for name, amount in self.features.items()},
        }

    def cells(self) -> tuple[str, ...]:
        """For a person."""
        where = f"{self.path}:{self._lines()}"
        named = self.piece.name or "-"
        return (f"{self.value:.2f}", self.tier, self.model, visible(named), visible(where), self._why())

    def _lines(self) -> str:
        return f"{self.piece.range.start.line + 1}-{self.piece.range.end.line + 1}"

    def _why(self) -> str:
        """What made most of the score, in words."""
        made = sorted(self.features.items(), key=lambda item: -item[1])[:_TOLD]
        return say("join.list").join(
            say(f"feature.{name}") for name, amount in made if amount > _LEAST * self.value
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to score, and how to print."""
    parser.add_argument("targets", metavar="PATH[:LINE-LINE]", nargs="+", help=say("help.score_targets"))
    parser.add_argument("--whole", action="store_true", help=say("help.score_whole"))
    parser.add_argument("--json", action="store_true", help=say("help.json_lines"))


def run(args: argparse.Namespace) -> int:
    """Score each definition on its own, or what was named; an unreadable file in a folder is said and passed over.

    Where there is nothing to score, a sentence says so, beside the rows of others and beside JSON.
    """
    from zai_ls.config import project_root
    from zai_ls.core.complexity import score
    from zai_ls.core.syntax import Syntax

    config = configuration(args, find_key=False)
    tell_problems(config, account=False)
    syntax, routing = Syntax(), _routing(config)
    editors: dict[Path | None, FileEditor] = {}
    rows: list[Row] = []
    without = dict.fromkeys(args.targets)  # nothing of them was scored yet
    for given, target, named in (
        (text, *pair) for text in args.targets for pair in _targets(parse_target(text))
    ):
        project = project_root(target.path)
        if project not in editors:
            editors[project] = editor_for(for_project(config, target.path), write=False)
        try:
            snapshot = editors[project].open(target.path)
        except Unreadable as error:
            if named:
                raise BadUse(str(error)) from None
            printing.note(str(error))
            continue
        for piece in pieces(target, snapshot, syntax, as_one=args.whole):
            without.pop(given, None)
            scored = score(snapshot, piece.range, syntax, exact=True)
            tier = routing.tier_of(scored.value)
            row = Row(target.path, piece, scored.value, tier, routing.model_of(tier), scored.features)
            if args.json:
                printing.write_exactly(json.dumps(row.as_json(), ensure_ascii=False) + "\n")
            else:
                rows.append(row)
    if rows:
        tell(rows)
    for text in without:
        sentence = _nothing(parse_target(text).path, as_one=args.whole)
        if rows or args.json:
            printing.note(sentence)
        else:
            print(sentence)
    return Exit.DONE


def tell(rows: Sequence[Row]) -> None:
    """A table, the hardest first: in colours where a person looks."""
    by_score = sorted(rows, key=lambda row: -row.value)
    if not printing.is_terminal(sys.stdout):
        widths = [max(map(len, column)) for column in zip(*(row.cells() for row in by_score), strict=True)]
        for row in by_score:
            line = "  ".join(
                cell.ljust(width) for cell, width in zip(row.cells(), widths, strict=True)
            ).rstrip()
            printing.write_exactly(line + "\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heads = [say(f"score.head_{name}") for name in ("score", "tier", "model", "what", "where", "why")]
    table = Table(*heads, box=None, header_style="bold")
    for row in by_score:
        score, tier, model, *others = row.cells()
        style = _COLOURS.get(row.tier, "")
        table.add_row(Text(score, style), Text(tier, style), Text(model, "dim"), *map(Text, others))
    console = Console(highlight=False)
    console.print(table)
    counts = Counter(row.tier for row in rows)
    tiers = {tier: counts[tier] for tier in _COLOURS}
    console.print(Text(say("score.sum", count=len(rows), **tiers), "dim"))


def pieces(target: Target, snapshot: Snapshot, syntax: Syntax, *, as_one: bool) -> list[Piece]:
    """What of *snapshot* is scored: the lines that were named, the whole file, or its definitions one by one."""
    if target.first is not None:
        part = target_of(snapshot, target.range_in(snapshot), syntax)
        if part is None:
            raise BadUse(say("score.nothing_there", path=target.path, line=target.first))
        return [Piece("", part)]
    if as_one:
        everything = whole_lines(snapshot.lines, whole(snapshot.lines))
        return [Piece("", everything)] if everything else []
    found: dict[Range, Piece] = {}
    definitions = syntax.definitions(snapshot)
    shares = _sharing([definition.place for definition in definitions])
    for definition, shared in zip(definitions, shares, strict=True):
        part = definition.place if shared else whole_lines(snapshot.lines, definition.range)
        if part is not None:
            found.setdefault(part, Piece(definition.name, part))
    return sorted(found.values(), key=lambda piece: piece.range)


def _sharing(places: Sequence[Range]) -> list[bool]:
    """Of each place: does another begin or end outside of it, on its first or last line?"""
    starting, ending = _extremes(place.start for place in places), _extremes(place.end for place in places)
    shares = []
    for start, end in ((place.start, place.end) for place in places):
        lines = {start.line, end.line}
        begun = [each for line in lines if (each := starting.get(line))]
        ended = [each for line in lines if (each := ending.get(line))]
        shares.append(
            any(first < start or last >= end for first, last in begun)
            or any(first <= start or last > end for first, last in ended)
        )
    return shares


def _extremes(points: Iterable[Point]) -> dict[int, tuple[Point, Point]]:
    """The first and the last of the points on each line."""
    found: dict[int, tuple[Point, Point]] = {}
    for point in points:
        first, last = found.get(point.line, (point, point))
        found[point.line] = min(first, point), max(last, point)
    return found


def _nothing(path: Path, *, as_one: bool) -> str:
    """That nothing of *path* was scored, and how it can be."""
    if as_one:
        return say("score.nothing", path=path)
    if path.is_dir():
        return say("score.no_definitions", path=path)
    lines = path.read_text("utf-8", errors="replace").splitlines()
    return say("score.too_long" if is_too_long(lines) else "score.no_definition", path=path)


def _targets(target: Target) -> Iterator[tuple[Target, bool]]:
    """The files that *target* means, and whether a person named each: a folder means the code in it."""
    if not target.path.is_dir():
        yield target, True
        return
    for folder, folders, files in os.walk(target.path):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        for name in sorted(files):
            row = language(language_of(name))
            if row.grammar and not row.prose:
                yield Target(Path(folder) / name), False


def _routing(config: Config) -> Routing:
    from zai_ls.catalogue import Catalogue

    settings = config.settings
    return Routing(
        catalogue=Catalogue.load(config.overlay),
        plan=settings.plan,
        standard_from=settings.routing_standard_from,
        strong_from=settings.routing_strong_from,
        models={
            "light": settings.models_light,
            "standard": settings.models_standard,
            "strong": settings.models_strong,
        },
    )
