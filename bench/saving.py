"""How much quota the choice of a model saves, against always using the strong one: by the catalogue's factors, nothing is sent.

The code is the functions of the running Python's standard library (its tests left out), the actions a stated mix, the
plan Pro with plenty of quota and outside peak hours, so that nothing but score and action decides.
What a request takes is what zai-ls itself expects: the prompt by its own count (the instructions, the code, and as much
around it as the file has, up to the default bound), half of the reply's bound, and an eighth of the room for thinking.
"""

from __future__ import annotations

import sysconfig
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.catalogue import Catalogue
from zai_ls.core.actions import ACTIONS
from zai_ls.core.complexity import score
from zai_ls.core.routing import Routing, route
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, text_in
from zai_ls.core.thrift import Load
from zai_ls.core.tokens import estimate
from zai_ls.domain import Point, Snapshot
from zai_ls.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zai_ls.domain import Range

MIX = {
    "explain": 0.25,
    "fix": 0.2,
    "simplify": 0.1,
    "refactor": 0.1,
    "document": 0.1,
    "test": 0.1,
    "instruct": 0.1,
    "implement": 0.05,
}
"""Shares of actions: a guess at an ordinary day, more reading and mending than writing anew."""

_INSTRUCTIONS = 250
"""Tokens of the system text and of the facts about the file."""
_EVERY = 7
"""So many files are passed over for each that is read."""
_LEFT_OUT = frozenset({"test", "tests", "idlelib", "lib2to3", "site-packages", "ensurepip", "turtledemo"})


@dataclass(frozen=True, slots=True)
class Saved:
    """What was found."""

    functions: int
    ratio: float
    """Credits taken over those of the strong model for everything."""
    shares: dict[str, float]
    """By model: part of the requests."""

    def __str__(self) -> str:
        shares = ", ".join(f"{model} {100 * share:.0f} %" for model, share in self.shares.items())
        return f"{self.functions} functions, {100 * (1 - self.ratio):.0f} % of the credits saved; {shares}"


def measure(every: int = _EVERY) -> Saved:
    """Score and route each function under each action of the mix."""
    syntax, routing = Syntax(), Routing(Catalogue.load(), "pro")
    bound = Settings().limits_context_tokens
    strong = routing.model_of("strong")
    taken = always = 0.0
    models: dict[str, float] = defaultdict(float)
    functions = 0
    for snapshot, range_ in _functions(syntax, every):
        functions += 1
        scored = score(snapshot, range_, syntax)
        code = estimate(text_in(snapshot.lines, range_))
        around = min(bound, max(0, estimate(snapshot.text) - code))
        for name, share in MIX.items():
            action = ACTIONS[name]
            load = Load(_INSTRUCTIONS + code + around, action.max_tokens(code))
            choice = route(scored, action, "python", explicit=None, routing=routing, load=load)
            assert choice.expense is not None
            taken += share * choice.expense.credits
            always += share * routing.expense(strong, load).credits
            models[choice.model] += share
    total = sum(models.values())
    return Saved(
        functions, taken / always, {m: models[m] / total for m in sorted(models, key=lambda m: -models[m])}
    )


def _functions(syntax: Syntax, every: int) -> Iterator[tuple[Snapshot, Range]]:
    """The functions of the standard library, outermost ones, with the text they stand in."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(p for p in root.rglob("*.py") if not _LEFT_OUT & set(p.relative_to(root).parts))
    for path in files[::every]:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        snapshot = Snapshot(path.as_uri(), "python", 1, tuple(split_lines(text)), str(path))
        seen: set[Range] = set()
        for number, line in enumerate(snapshot.lines):
            if line.lstrip().startswith(("def ", "async def ")):
                at = Point(number, len(line) - len(line.lstrip()))
                found = syntax.enclosing_definition(snapshot, at)
                if found is not None and found.range not in seen:
                    seen.add(found.range)
                    yield snapshot, found.range
        syntax.forget(snapshot.uri)


if __name__ == "__main__":
    print(measure())
