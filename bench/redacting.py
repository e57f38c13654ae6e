"""What redaction finds, what it takes for a secret that is none, and what it costs; on the corpus of the tests."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from time import perf_counter

from tests.data.secrets import ordinary, true
from zai_ls.core.redaction import redacted

SALT = b"benchmark"
TIMES = 30
LINES = 200


@dataclass(frozen=True, slots=True)
class Redacting:
    """What was found."""

    found: dict[str, tuple[int, int]]
    """By kind: how many were found, of how many."""
    false_hits: int
    lines: int
    """Of ordinary code."""
    p50: float
    """Seconds for 200 lines, with a secret in every tenth."""

    @property
    def missed(self) -> int:
        return sum(of - found for found, of in self.found.values())

    @property
    def recalls(self) -> str:
        return ", ".join(f"{kind} {found}/{of}" for kind, (found, of) in self.found.items())


def measure() -> Redacting:
    """All of it."""
    all_, found = Counter[str](), Counter[str]()
    for case in true.cases():
        all_[case.kind] += 1
        found[case.kind] += not case.leaks(redacted(case.text, SALT)[0])
    text = "".join(ordinary.pieces())
    _, stand_ins = redacted(text, SALT)
    return Redacting(
        {kind: (found[kind], of) for kind, of in all_.items()},
        len(stand_ins),
        text.count("\n"),
        _cost(text),
    )


def _cost(ordinary_text: str) -> float:
    lines = ordinary_text.splitlines(keepends=True)
    secrets = [case.text for case in true.cases() if case.text.count("\n") == 1]
    took = []
    for n in range(TIMES):
        chosen = lines[n * LINES // 2 :][:LINES]
        chosen[::10] = secrets[n * 20 :][: len(chosen[::10])]
        text = "".join(chosen)
        began = perf_counter()
        redacted(text, SALT)
        took.append(perf_counter() - began)
    return statistics.median(took)


if __name__ == "__main__":
    print(measure())
