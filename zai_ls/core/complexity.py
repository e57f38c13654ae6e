"""How hard some code is to work on: from 0, plain, to 1, hard, and what makes it so.

`core/walking.py` (or, without a grammar, `core/skimming.py`) notes what is there, `core/measures.py` adds it up so that
what is repeated hardly counts. Code in another language (a fence, a script) is noted by its own grammar, and all
together is added up. Here each measure becomes a part: `weight · log2(1 + amount / knee)`. The logarithm is
why the second thing of a kind adds less than the first; the knee is the amount that gives one whole weight.
Their sum S is `(Σ part^q)^(1/q)`, so that code which is hard in one way is not outdone by code with a little of
everything. It becomes the value `S^p / (S^p + m^p)`, which grows with S from 0 towards 1 and is a half at S = m.
`m` and `p` are chosen so that of real functions half lie below 0.3 and a tenth above 0.7.
Weights, knees and the two numbers, with the evidence for each: docs/decisions/0012-what-the-score-weighs.md.

Comments, docstrings, blank lines, brackets and line breaks are not measured, and names only by how many there are and
whether the code defines them, so formatting and renaming change nothing. Incomplete code is measured by what the parser
makes of it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.measures import Found, measured
from zai_ls.core.skimming import skim
from zai_ls.core.text import body_of, clamp_range
from zai_ls.core.walking import walk
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """The measures themselves, and some that add nothing: `tokens`, `cognitive` (as Campbell counts), `depth`."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a measure counts."""

    weight: float
    knee: float
    """The amount that adds one *weight*."""


WEIGHTS: Mapping[str, Weight] = {
    "branching": Weight(0.85, 4),
    "expressions": Weight(1.0, 6),
    "loops": Weight(0.8, 2),
    "recursion": Weight(1.8, 1.5),
    "bits": Weight(1.2, 3),
    "concurrency": Weight(1.2, 2),
    "unsafe": Weight(1.1, 2),
    "types": Weight(1.3, 2),
    "closures": Weight(0.9, 1.5),
    "patterns": Weight(0.9, 4),
    "state": Weight(0.6, 3),
    "jumps": Weight(0.5, 2),
    "errors": Weight(0.4, 2),
    "size": Weight(0.35, 60),
    "names": Weight(0.3, 15),
    "outside": Weight(0.3, 8),
    "diagnostics": Weight(0.6, 1),
    "instruction": Weight(0.8, 1),
}
"""By measure. The order is the one in which ties are told."""
PEAK = 1.5
"""How much one great part outdoes several small ones: 1 would add them plainly, more lets the greatest speak."""
MIDDLE = 1.34
"""Sum of the parts that gives one half."""
STEEPNESS = 1.36
ALONE = ("concurrency", "unsafe", "types", "bits")
"""What one word of is an idiom, as long as nothing else is hard: `await`, a pointer, a type that stands for any, a mask."""
COMPANY = ("branching", "loops", "recursion", "state")
"""What makes those hard: something has to be decided, or kept in mind, while they hold. Of bits it is dense expressions
as well."""
IDIOM = 3.0
"""So much of one of `ALONE` counts half where there is no company."""
_ENOUGH = 4.0
"""So much company, and all counts."""
_PLAIN = 2.0
"""So many operators make no expression dense."""
_SEVERITY = {1: 1.0, 2: 0.5, 3: 0.25, 4: 0.1}
_STEPS = re.compile(
    r"[\n;.!?。；！？]+|\b(?:and|then|also|after(?:wards| that)|finally|plus|while)\b|然后|并且|同时|接着|最后|以及",
    re.IGNORECASE,
)
_WORDS_A_STEP = 25
"""So many words say as much as one more step."""


def score(
    snapshot: Snapshot,
    range_: Range,
    syntax: Syntax,
    diagnostics: Sequence[Diagnostic] = (),
    instruction: str = "",
    *,
    exact: bool = False,
) -> Score:
    """How hard it is to do *instruction* with the code in *range_*. Deterministic.

    The lines of *range_* count whole unless it is *exact*; without a grammar they always do.
    """
    given = clamp_range(snapshot.lines, range_)
    last = given.end.line - (given.end.column == 0 < given.end.line - given.start.line)
    whole = Range(Point(given.start.line, 0), Point(last, len(body_of(snapshot.lines[last]))))
    if exact:
        whole = given
    found = Found()
    for part in syntax.parts(snapshot, whole):
        if part.parsed is not None:
            walk(part.parsed, part.range, found)
        else:
            skim(part.lines, part.language, part.range, found)
    complaints = sum(
        _SEVERITY.get(each.severity, 0.0)
        for each in diagnostics
        if each.range.start.line <= last and each.range.end.line >= whole.start.line
    )
    return combined({**measured(found), "diagnostics": complaints, "instruction": further_steps(instruction)})


def combined(measures: Mapping[str, float]) -> Score:
    """The score that *measures* make."""
    amounts = counted(measures)
    powers = {name: part(row, amounts.get(name, 0.0)) ** PEAK for name, row in WEIGHTS.items()}
    total = sum(powers.values())
    value = value_of(total ** (1 / PEAK))
    features = {name: round(value * power / total, 4) if total else 0.0 for name, power in powers.items()}
    return Score(round(value, 4), features, dict(measures))


def counted(measures: Mapping[str, float]) -> dict[str, float]:
    """What of each measure counts: a little of `ALONE` by itself hardly, with company or by the dozen all. More is never less."""
    company = sum(measures.get(name, 0.0) for name in COMPANY)
    dense = max(0.0, measures.get("expressions", 0.0) - _PLAIN)
    alone = {}
    for name in ALONE:
        amount = measures.get(name, 0.0)
        beside = company + dense if name == "bits" else company
        if amount:
            alone[name] = amount * amount / (amount + IDIOM * max(0.0, 1 - beside / _ENOUGH))
    return {**measures, **alone}


def value_of(total: float) -> float:
    """The value that the parts' sum gives."""
    powered = math.pow(total, STEEPNESS)
    return powered / (powered + math.pow(MIDDLE, STEEPNESS))


def part(row: Weight, amount: float) -> float:
    """What *amount* of a measure comes to."""
    return row.weight * math.log2(1 + amount / row.knee) if amount else 0.0


def further_steps(instruction: str) -> float:
    """How many steps *instruction* names after its first: sentences, and what `and` or `then` joins; length counts as well."""
    steps = sum(1 for part in _STEPS.split(instruction) if len(part.split()) > 1 or len(part.strip()) > 3)
    return max(0, steps - 1) + len(instruction.split()) / _WORDS_A_STEP
