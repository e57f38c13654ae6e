"""One policy, one person, one rate: what was typed, sent, spent and saved."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from bench.replay import texts, virtual
from bench.replay.engines import Ours, Plain
from bench.replay.model import Model
from bench.replay.stage import stage
from bench.replay.typist import RHYTHMS, Typist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.replay.engines import Engine
    from bench.replay.stage import Stage

OURS, PLAIN, CACHED = "zai-ls", "plain 350 ms", "cache 350 ms"
POLICIES: Mapping[str, Callable[[Stage], Engine]] = {
    OURS: Ours,
    "plain 150 ms": lambda stage: Plain(stage, 0.150),
    PLAIN: lambda stage: Plain(stage, 0.350),
    "plain 600 ms": lambda stage: Plain(stage, 0.600),
    CACHED: lambda stage: Plain(stage, 0.350, keeps=True),
}
SEED = 1


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be played."""

    policy: str
    rate: float
    """Share of places at which the model is right."""
    keys: int
    """About as many are typed."""
    rhythm: str = "average"
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it. Counts are of the whole; `per_thousand` makes them comparable."""

    job: Job
    needed: int
    """Keys that the text takes this person without any suggestion: the same for every policy."""
    pressed: int
    """Keys that were pressed, acceptances among them."""
    requests: int
    """That reached the service, also those cut short."""
    cut_short: int
    refused: int
    tokens_in: int
    tokens_out: int
    credits: float
    useful: int
    """Characters that came from suggestions and were not typed, each once."""
    accepted: int
    shown: int
    right: int
    most_at_once: int
    unanswered: int
    """Wishes to the server without an answer at the end."""
    seconds: float
    """That the typing took, in virtual time."""

    def per_thousand(self, count: float) -> float:
        """*count* per 1,000 keys of the text."""
        return 1000 * count / self.needed


def play(job: Job) -> Played:
    """Play *job* from beginning to end."""
    holes = texts.holes(job.keys, job.seed)
    model = Model(holes, job.rate, job.seed)
    with tempfile.TemporaryDirectory(prefix="zai-ls-replay-") as name:
        return virtual.run(_played(job, holes, model, Path(name)))  # type: ignore[no-any-return] # what _played returns


async def _played(job: Job, holes: list[texts.Hole], model: Model, folder: Path) -> Played:
    async with stage(folder, model) as on:
        engine = POLICIES[job.policy](on)
        typist = Typist(RHYTHMS[job.rhythm], engine, job.seed)
        for hole in holes:
            await typist.type(hole)
        await engine.aclose()
        tally, record, spent = typist.tally, on.emulator.record, on.credits
    chats = record.chats
    return Played(
        job,
        needed=tally.needed,
        pressed=tally.keys,
        requests=len(chats),
        cut_short=sum(one.ended == "hangup" for one in chats),
        refused=sum(one.status is not None and one.status >= 400 for one in chats),
        tokens_in=sum(one.prompt_tokens for one in chats),
        tokens_out=sum(one.completion_tokens for one in chats),
        credits=spent,
        useful=tally.useful,
        accepted=tally.accepted,
        shown=tally.shown,
        right=tally.right,
        most_at_once=record.most_at_once,
        unanswered=engine.unanswered,
        seconds=tally.seconds,
    )


def play_all(jobs: Iterable[Job], *, on_done: Callable[[Played], object] = lambda _: None) -> list[Played]:
    """Play all *jobs*, as many at once as the machine has cores; virtual time does not mind."""
    jobs = list(jobs)
    # A process of its own for each: what one leaves behind (caches, the collector's state) is nothing to the next.
    with ProcessPoolExecutor(
        max_workers=min(len(jobs), os.cpu_count() or 1), mp_context=get_context("spawn")
    ) as pool:
        done = []
        for played in pool.map(play, jobs):
            on_done(played)
            done.append(played)
    return done


@dataclass(frozen=True, slots=True)
class Economy:
    """What is promised, as ratios: each is to stay at or below its goal."""

    to_plain: float
    """Our requests over those of a plain debounce of 350 ms."""
    to_cached: float
    """Over those of the same with cache and typed-through."""
    usefulness: float
    """The plain one's useful characters over ours."""


def economy(keys: int = 2500, rate: float = 0.35) -> Economy:
    """A short version, for the benchmark's table."""
    ours, plain, cached = play_all([Job(policy, rate, keys) for policy in (OURS, PLAIN, CACHED)])
    return Economy(
        ours.requests / plain.requests, ours.requests / cached.requests, plain.useful / max(1, ours.useful)
    )
