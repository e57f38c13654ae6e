"""`make calibrate`: how the score is distributed over real functions, and how it stands to two other tools' counts.

Reads every function of three lines and more in the running Python's standard library (without its tests) and in a few
installed packages. Prints the numbers that docs/decisions/0012 and docs/score.md quote, says which middle and steepness
would put half of the functions below 0.3 and a tenth above 0.7, and draws docs/score.svg.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import complexipy
import lizard

from tests.unit.core.labelled import Piece, by_cognitive, by_score, by_tokens, concordance, pieces
from zai_ls.core import complexity
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines
from zai_ls.domain import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rich", "httpx", "hypothesis", "starlette", "pygls")
SHORTEST = 3
LOW, HIGH = 0.3, 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """One function."""

    where: str
    value: float
    total: float
    """The parts' sum, before it becomes a value."""
    tokens: float
    own_cognitive: float
    cyclomatic: int | None
    cognitive: int | None
    features: Mapping[str, float]


def sources() -> list[Path]:
    """The files to read, in order."""
    library, site = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    own = [
        path
        for path in library.rglob("*.py")
        if not {"site-packages", "test", "tests", "idle_test", "lib2to3"} & set(path.parts)
    ]
    return sorted(own) + [path for name in PACKAGES for path in sorted((site / name).rglob("*.py"))]


def rows_of(path: Path, syntax: Syntax) -> list[Row]:
    """The functions in the file at *path*."""
    try:
        text = path.read_text("utf-8")
    except (UnicodeDecodeError, OSError):
        return []
    document = Snapshot(path.as_uri(), "python", 1, tuple(split_lines(text)))
    by_line = {
        each.start_line: each.cyclomatic_complexity
        for each in lizard.analyze_file.analyze_source_code(path.name, text).function_list
    }
    try:
        cognitive = {each.line_start: each.complexity for each in complexipy.code_complexity(text).functions}
    except Exception:  # noqa: BLE001  whatever this tool makes of what it cannot read, we can do without
        cognitive = {}
    found = []
    for definition in syntax.definitions(document):
        start, end = definition.range.start.line, definition.range.end.line
        if definition.kind not in {"function", "method"} or end - start + 1 < SHORTEST:
            continue
        score = complexity.score(document, definition.range, syntax)
        amounts = complexity.counted(score.measures)
        total = sum(
            complexity.part(row, amounts.get(name, 0.0)) ** complexity.PEAK
            for name, row in complexity.WEIGHTS.items()
        ) ** (1 / complexity.PEAK)
        head = definition.head + 1
        found.append(
            Row(
                f"{path.name}:{head} {definition.name}",
                score.value,
                total,
                score.measures["tokens"],
                score.measures["cognitive"],
                by_line.get(head),
                cognitive.get(head, cognitive.get(start + 1)),
                score.features,
            )
        )
    syntax.forget(document.uri)
    return found


def spearman(pairs: list[tuple[float, float]]) -> float:
    """Rank correlation, with mean ranks for ties."""
    return statistics.correlation(_ranks([a for a, _ in pairs]), _ranks([b for _, b in pairs]))


def _ranks(values: list[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for index in order[at:end]:
            ranks[index] = (at + end - 1) / 2
        at = end
    return ranks


def fitted(totals: list[float]) -> tuple[float, float]:
    """Middle and steepness for which half lies below `LOW` and a tenth above `HIGH`.

    `S^p / (S^p + m^p) = v` is `p·ln(S/m) = ln(v/(1-v))`: two points give both.
    """
    middle, high = (statistics.quantiles(totals, n=100)[at - 1] for at in (50, 90))
    low_odds, high_odds = (math.log(v / (1 - v)) for v in (LOW, HIGH))
    steepness = (high_odds - low_odds) / math.log(high / middle)
    return middle * math.exp(-low_odds / steepness), steepness


def drawn(values: list[float]) -> str:
    """The distribution as an SVG: one bar for each twentieth, the two thresholds, and where they cut."""
    counts = [0] * 20
    for value in values:
        counts[min(19, int(value * 20))] += 1
    most, width, height = max(counts), 640, 300
    bars = []
    for at, count in enumerate(counts):
        tall = count / most * 220
        tone = "#7aa6c2" if at < 6 else "#e0a458" if at < 14 else "#c2554d"
        bars.append(
            f'<rect x="{20 + at * 30}" y="{250 - tall:.1f}" width="28" height="{tall:.1f}" fill="{tone}"/>'
            f'<text x="{34 + at * 30}" y="{244 - tall:.1f}" font-size="9" text-anchor="middle" fill="#666">'
            f"{count / len(values):.1%}</text>"
        )
    marks = "".join(
        f'<text x="{20 + value * 600:.0f}" y="266" font-size="11" text-anchor="middle" fill="#444">{value:g}</text>'
        for value in (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
    )
    lines = "".join(
        f'<line x1="{20 + value * 600:.0f}" y1="14" x2="{20 + value * 600:.0f}" y2="250" stroke="#444" stroke-dasharray="4 3"/>'
        for value in (LOW, HIGH)
    )
    low = sum(v < LOW for v in values) / len(values)
    high = sum(v >= HIGH for v in values) / len(values)
    names = (
        f'<text x="110" y="20" font-size="12" text-anchor="middle" fill="#333">light: {low:.0%}</text>'
        f'<text x="320" y="20" font-size="12" text-anchor="middle" fill="#333">standard: {1 - low - high:.0%}</text>'
        f'<text x="530" y="20" font-size="12" text-anchor="middle" fill="#333">strong: {high:.0%}</text>'
    )
    title = (
        f'<text x="320" y="288" font-size="12" text-anchor="middle" fill="#333">score of {len(values):,} functions of'
        " three lines and more</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" role="img"'
        f' aria-label="Distribution of the score"><rect width="{width}" height="{height}" fill="#fff"/>'
        f"{''.join(bars)}{marks}{lines}{names}{title}</svg>\n"
    )


def _without(measure: str, half: str) -> float:
    """Pairs in order when *measure* does not count."""

    def key(piece: Piece) -> float:
        return complexity.combined({**piece.score.measures, measure: 0.0}).value

    return concordance([piece for piece in pieces() if piece.half == half], key)


def _shaken(seed: int) -> float:
    """Pairs in order when each weight is another one: whoever believes in the weights must see how little they matter."""
    drawn_by = random.Random(seed)
    factors = {name: 2 ** drawn_by.uniform(-1, 1) for name in complexity.WEIGHTS}

    def key(piece: Piece) -> float:
        measures = complexity.counted(piece.score.measures)
        return sum(
            (factors[name] * complexity.part(row, measures.get(name, 0.0))) ** complexity.PEAK
            for name, row in complexity.WEIGHTS.items()
        )

    return concordance(pieces(), key)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="read one file in so many")
    parser.add_argument("--draw", action="store_true", help="write docs/score.svg")
    args = parser.parse_args()
    syntax = Syntax()
    rows = [row for path in sources()[:: args.every] for row in rows_of(path, syntax)]
    values = sorted(row.value for row in rows)
    cuts = statistics.quantiles(values, n=100)
    print(f"functions: {len(rows)}")
    print("percentiles: " + ", ".join(f"{at}: {cuts[at - 1]:.2f}" for at in (5, 10, 25, 50, 75, 90, 95, 99)))
    print(
        f"below {LOW}: {sum(v < LOW for v in values) / len(values):.1%}; from {HIGH}: {sum(v >= HIGH for v in values) / len(values):.1%}"
    )
    middle, steepness = fitted([row.total for row in rows])
    print(f"fitted: MIDDLE = {middle:.2f}, STEEPNESS = {steepness:.2f}")
    for name, pairs in {
        "score and cyclomatic (lizard)": [(r.value, r.cyclomatic) for r in rows if r.cyclomatic is not None],
        "score and cognitive (complexipy)": [(r.value, r.cognitive) for r in rows if r.cognitive is not None],
        "our count of cognitive complexity and complexipy's": [
            (r.own_cognitive, r.cognitive) for r in rows if r.cognitive is not None
        ],
        "score and tokens": [(r.value, r.tokens) for r in rows],
        "tokens and cyclomatic": [(r.tokens, r.cyclomatic) for r in rows if r.cyclomatic is not None],
    }.items():
        print(f"rank correlation, {name}: {spearman(pairs):.2f} over {len(pairs)}")
    same = [row.own_cognitive == row.cognitive for row in rows if row.cognitive is not None]
    print(f"our count of cognitive complexity is complexipy's: {sum(same) / len(same):.1%}")
    rows.sort(key=lambda row: row.value)
    for at in (0.05, 0.25, 0.5, 0.75, 0.9, 0.99):
        row = rows[int(at * (len(rows) - 1))]
        print(f"for example, at {at:.0%}: {row.value:.2f} {row.where}")
    print("pairs of labelled code in order, by score, by tokens, by cognitive complexity:")
    for language in ("all", *sorted({piece.language for piece in pieces()})):
        for half in ("fit", "check"):
            some = [p for p in pieces() if p.half == half and language in {"all", p.language}]
            told = "  ".join(f"{concordance(some, key):.2f}" for key in (by_score, by_tokens, by_cognitive))
            print(f"  {language:<11}{half:<6}{told}")
    print("the same without one measure (fit, check), and what it makes of all real functions' scores:")
    total = sum(values)
    for name in complexity.WEIGHTS:
        share = sum(row.features.get(name, 0.0) for row in rows) / total
        print(f"  {name:<12}{_without(name, 'fit'):.3f}  {_without(name, 'check'):.3f}  {share:.1%}")
    shaken = [_shaken(seed) for seed in range(200)]
    print(
        f"all weights at random between half and double, 200 times: at least {min(shaken):.3f}, in the middle {statistics.median(shaken):.3f}"
    )
    levels = [float(piece.level) for piece in pieces()]
    for name, key in (("score", by_score), ("tokens", by_tokens), ("cognitive", by_cognitive)):
        print(
            f"rank correlation with the level, {name}: {spearman(list(zip(map(key, pieces()), levels, strict=True))):.2f}"
        )
    if args.draw:
        (ROOT / "docs" / "score.svg").write_text(drawn(values), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
