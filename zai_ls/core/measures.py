"""What was found in some code, and what it comes to: each measure so that what is repeated counts less and less.

Everything counted is a mark on a unit: a statement's own tokens, an argument, an element of a list. Marks of one kind
on units of one shape (the same signs and words around some operands) form a group; within a group the heaviest counts
whole, the second half, and each further one so little that however many there are, they are worth less than two. So the thousandth row of a table, or the thousandth `if` that checks a parameter as the others do, is
worth nothing.

A unit that goes on and on, such as one row of operators, is cut: from its 25th token on, each sign begins a unit of its
own. And of the same operator at the same depth of one unit the first two count whole, the third half, the fourth a third.

The order decides nothing, only what there is: more marks, or heavier ones, never make less (a sum of values in falling
order, with falling weights, grows in each of them), which is why a branch around or inside something cannot lower a score.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


_PLAINLY = 2
_CUBED = 3
"""The n-th of a kind counts one n-th so far; from there on so little that all together stay below 1.74 of the first."""
_LONGEST = 24
"""Tokens of a unit; what goes on after them does so in further units, from sign to sign."""


@dataclass(slots=True)
class Unit:
    """A statement's own tokens, an argument, an element."""

    tokens: int = 0
    """How many mean something."""
    shape: int = 0
    """A number for the row of them; operands are all alike in it."""
    operations: float = 0.0
    """Operators: each one, and a half for each level that it lies deep in the expression."""
    free: float = 1.0
    """What its first operator counts if it lies no deeper than the unit: that much is not counted."""
    stream: bool = False
    """Do its `<<` write to a stream?"""
    most: int = _LONGEST
    """So many tokens, and the next sign begins a further one."""
    seen: dict[Hashable, int] | None = None
    """Operators by kind, how many of each: None as long as there is none."""

    def operate(self, kind: Hashable, amount: float) -> None:
        """An operator of *amount*: the first two of a *kind* count whole, the third half, the fourth a third."""
        seen = self.seen
        if seen is None:
            self.seen = {kind: 1}
            self.operations += amount
            return
        before = seen.get(kind, 0)
        seen[kind] = before + 1
        self.operations += amount / before if before > 1 else amount

    def further(self) -> Unit:
        """A new unit for the rest of one that is long."""
        if self.seen is None:
            self.seen = {}
        return Unit(stream=self.stream, most=1, seen=self.seen)


@dataclass(slots=True)
class Found:
    """All that a pass over the code has found."""

    units: list[Unit] = field(default_factory=list)
    marks: list[tuple[str, Hashable, float, Unit]] = field(default_factory=list)
    """Measure, kind, amount, and the unit it is on."""
    levels: list[float] = field(default_factory=list)
    """Of each loop: 1 for one in no other."""
    functions: list[float] = field(default_factory=list)
    """Of each function in another: 1 for one in one, half of it for one in a table."""
    cognitive: int = 0
    """Cognitive complexity as Campbell counts it, recursion aside."""
    deepest: int = 0
    """Levels of branches and loops."""
    names: dict[Hashable, Unit] = field(default_factory=dict)
    """Each different name, and where it is first. Names of something else (fields, parameters of what is called) are told apart."""
    used: dict[Hashable, Unit] = field(default_factory=dict)
    """Names of something by itself."""
    defined: set[Hashable] = field(default_factory=set)
    written: dict[Hashable, float] = field(default_factory=dict)
    """What changes, such as a counter: one, and a half for each loop that it does so in."""
    given: list[dict[Hashable, list[tuple[Unit, int, int]]]] = field(default_factory=list)
    """By function, where its names are given a value: the unit, branches around it, loops around it."""
    calls: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    """Names that each function calls."""
    recursions: int = 0
    """Calls of a function inside itself."""


def fading(amounts: Iterable[float]) -> float:
    """The sum of *amounts* in falling order, the n-th divided by n, and from the third on by a third of its cube."""
    falling = sorted(amounts, reverse=True)
    if len(falling) < 2:
        return sum(falling)
    return sum(amount / (n if n <= _PLAINLY else n**3 / _CUBED) for n, amount in enumerate(falling, 1))


def measured(found: Found) -> dict[str, float]:
    """Each measure's amount."""
    tokens: dict[int, list[float]] = defaultdict(list)
    operations: dict[int, list[float]] = defaultdict(list)
    for unit in found.units:
        if unit.tokens:
            tokens[unit.shape].append(unit.tokens)
            if unit.operations > unit.free and not unit.stream:
                operations[unit.shape].append(unit.operations - unit.free)
    groups: dict[str, dict[Hashable, list[float]]] = defaultdict(lambda: defaultdict(list))
    for measure, kind, amount, unit in found.marks:
        if measure == "bits" and unit.stream:
            continue
        groups[measure][kind, unit.shape].append(amount)
    sums = {measure: sum(map(fading, kinds.values())) for measure, kinds in groups.items()}
    cycles = _in_cycles(found.calls)
    return {
        "size": sum(map(fading, tokens.values())),
        "branching": sums.get("branching", 0.0),
        "loops": fading(level * (level + 1) / 2 for level in found.levels),
        "recursion": sums.get("recursion", 0.0)
        + fading([1.0] * found.recursions)
        + 0.5 * max(0, len(cycles) - 1),
        "expressions": sum(map(fading, operations.values())),
        "bits": sums.get("bits", 0.0),
        "state": sum(_changing(found).values()),
        "jumps": sums.get("jumps", 0.0),
        "errors": sums.get("errors", 0.0),
        "concurrency": sums.get("concurrency", 0.0),
        "unsafe": sums.get("unsafe", 0.0),
        "types": sums.get("types", 0.0),
        "closures": fading(level * (level + 1) / 2 for level in found.functions),
        "patterns": sums.get("patterns", 0.0),
        "names": _different(found.names.values()),
        "outside": _different(unit for name, unit in found.used.items() if name not in found.defined),
        "tokens": sum(unit.tokens for unit in found.units),
        "cognitive": found.cognitive + len(cycles),
        "depth": found.deepest,
    }


def _changing(found: Found) -> dict[Hashable, float]:
    """What has more than one value: what is written to, and names that get different ones, one of them under a branch."""
    changing = dict(found.written)
    for names in found.given:
        for name, places in names.items():
            if len(places) > 1 and len({unit.shape for unit, _, _ in places}) > 1:
                level = max((1 + 0.5 * level for _, nesting, level in places if nesting), default=0.0)
                if level:
                    changing[name] = max(changing.get(name, 0.0), level)
    return changing


def _different(first: Iterable[Unit]) -> float:
    """How many names there are: those that come first in units of one shape fade like everything."""
    shapes: dict[int, Counter[int]] = defaultdict(Counter)
    for unit in first:
        shapes[unit.shape][id(unit)] += 1
    return sum(fading(units.values()) for units in shapes.values())


def _in_cycles(calls: dict[Hashable, set[Hashable]]) -> set[Hashable]:
    """Functions that call themselves, or one another in a circle."""
    cyclic = {name for name, callees in calls.items() if name in callees}
    number: dict[Hashable, int] = {}  # in the order in which they are come to
    lowest: dict[Hashable, int] = {}  # of those still open that each of them leads to
    open_: dict[Hashable, None] = {}  # in a circle with one that is being followed, as far as is known
    for first in calls:
        if first in number:
            continue
        following = [(first, iter(calls[first]))]
        number[first] = lowest[first] = len(number)
        open_[first] = None
        while following:
            name, callees = following[-1]
            callee = next((callee for callee in callees if callee in calls), None)
            if callee is None:
                following.pop()
                if following:
                    caller = following[-1][0]
                    lowest[caller] = min(lowest[caller], lowest[name])
                if lowest[name] == number[name]:
                    circle = [open_.popitem()[0]]
                    while circle[-1] != name:
                        circle.append(open_.popitem()[0])
                    if len(circle) > 1:
                        cyclic.update(circle)
            elif callee not in number:
                number[callee] = lowest[callee] = len(number)
                open_[callee] = None
                following.append((callee, iter(calls[callee])))
            elif callee in open_:
                lowest[name] = min(lowest[name], number[callee])
    return cyclic
