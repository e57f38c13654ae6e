"""`python -m bench.replay`: completions while code is typed, in virtual time. The numbers are the same at every run."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Column, Table

from bench.replay import texts
from bench.replay.play import CACHED, OURS, PLAIN, POLICIES, SEED, Job, Played, play_all
from bench.replay.stage import FIRST_TOKEN_S, SERVICE_S
from bench.replay.typist import RHYTHMS, Rhythm

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    reader.add_argument("--keys", type=int, default=5000, help="about as many keys are typed (default 5000)")
    reader.add_argument("--rates", default="20,35,60", help="per cent of places where the model is right")
    reader.add_argument("--rhythm", default="average", choices=[*RHYTHMS, "all"])
    reader.add_argument(
        "--policy", action="append", choices=list(POLICIES), help="only this one; may be repeated"
    )
    reader.add_argument("--seed", type=int, default=SEED)
    asked = reader.parse_args()
    rates = [float(rate) / 100 for rate in asked.rates.split(",")]
    rhythms = list(RHYTHMS) if asked.rhythm == "all" else [asked.rhythm]
    policies = [name for name in POLICIES if name in (asked.policy or POLICIES)]
    jobs = [
        Job(policy, rate, asked.keys, rhythm, asked.seed)
        for rhythm in rhythms
        for rate in rates
        for policy in policies
    ]
    console = Console()
    console.print(*_preamble(asked.keys, asked.seed, [RHYTHMS[name] for name in rhythms]), sep="\n")
    with console.status("typing …"):
        played = play_all(jobs)
    for (rhythm, rate), group in groupby(played, key=lambda one: (one.job.rhythm, one.job.rate)):
        console.print(_table(rhythm, rate, list(group)))
    return 0


def _preamble(keys: int, seed: int, rhythms: list[Rhythm]) -> list[str]:
    holes = texts.holes(keys, seed)
    names = list(dict.fromkeys(hole.source.name for hole in holes))
    lines = [
        f"Typed: {len(holes)} runs of statements, {sum(hole.keys for hole in holes):,} keys without mistakes, in {', '.join(names)}",
        f"Model: first token after {FIRST_TOKEN_S} s, all after {SERVICE_S} s",
    ]
    lines += [
        f"Person ({rhythm.name}), median seconds before a key: inside a word {rhythm.word.median:.3f}, first of a word "
        f"{rhythm.border.median:.3f}, sign {rhythm.sign.median:.3f}, first of a line {rhythm.line.median:.2f} "
        f"(σ {rhythm.line.sigma}), thought {rhythm.thought.median:.1f} at {rhythm.thought_share:.0%} of words; "
        f"{rhythm.mistakes:.1%} of letters wrong; takes a right suggestion after {rhythm.reaction.median:.2f} s"
        for rhythm in rhythms
    ]
    return lines


def _table(rhythm: str, rate: float, group: list[Played]) -> Table:
    by_policy = {one.job.policy: one for one in group}
    plain, cached = by_policy.get(PLAIN), by_policy.get(CACHED)
    rows: dict[str, Callable[[Played], str]] = {
        "requests": lambda one: f"{one.per_thousand(one.requests):.1f}",
        "  cut short": lambda one: f"{one.per_thousand(one.cut_short):.1f}",
        "tokens in": lambda one: f"{one.per_thousand(one.tokens_in):,.0f}",
        "tokens out": lambda one: f"{one.per_thousand(one.tokens_out):,.0f}",
        "credits": lambda one: f"{one.per_thousand(one.credits):.2f}",
        "useful characters": lambda one: f"{one.per_thousand(one.useful):.1f}",
        "  pieces taken": lambda one: f"{one.per_thousand(one.accepted):.1f}",
        "suggestions seen": lambda one: f"{one.per_thousand(one.shown):.1f}",
        "  right": lambda one: f"{one.per_thousand(one.right):.1f}",
        "requests / plain 350": lambda one: _ratio(one.requests, plain and plain.requests),
        "requests / with cache": lambda one: _ratio(one.requests, cached and cached.requests),
        "useful / plain 350": lambda one: _ratio(one.useful, plain and plain.useful),
        "most in flight": lambda one: str(one.most_at_once),
        "refused": lambda one: str(one.refused),
        "wishes unanswered": lambda one: str(one.unanswered) if one.job.policy == OURS else "–",
    }
    table = Table(
        Column("", no_wrap=True),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=f"{rhythm} typist, model right at {rate:.0%}; per 1,000 of {group[0].needed:,} keys",
        title_justify="left",
    )
    for one in group:
        table.add_column("\n".join(one.job.policy.split(" ", 1)), justify="right", no_wrap=True)
    for name, shown in rows.items():
        table.add_row(name, *map(shown, group))
    return table


def _ratio(value: float, base: float | None) -> str:
    return f"{value / base:.2f}" if base else "–"


if __name__ == "__main__":
    sys.exit(main())
