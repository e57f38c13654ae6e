"""A person at the keyboard: rhythm, mistakes, and what they do with a suggestion.

The numbers follow what is published about typing:

- Dhakal, Feit, Kristensson, Oulasvirta, "Observations on Typing from 136 Million Keystrokes" (CHI 2018): over 168,000
  people the mean gap between two keys is 239 ms, about 120 ms for the fast and 480 ms for the slow ones.
- Gaps are lognormal with a long tail, and longer at word borders than inside words, at sentence borders than at word
  borders: the usual finding of studies that log keystrokes. In code a line or a statement takes the sentence's place.
- A choice between seen alternatives takes about half a second: see the text, read a few words, press a key.

A gap depends only on the seed, the place and the key, never on what happened before: every policy meets the same person.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.replay.engines import Engine
    from bench.replay.texts import Hole

Kind = Literal["word", "border", "sign", "line", "thought", "notice", "again"]
LEAST = 3
"""Characters of a suggestion that are worth a key."""
_FLICKER_S = 0.06
"""A suggestion that is gone for less was always there."""


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Seconds, by their median and the spread of their logarithm."""

    median: float
    sigma: float

    def draw(self, dice: random.Random) -> float:
        """One of them."""
        return self.median * math.exp(self.sigma * dice.gauss(0, 1))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One person."""

    name: str = "average"
    word: Lognormal = Lognormal(0.145, 0.35)
    """Inside a word: bursts."""
    border: Lognormal = Lognormal(0.230, 0.45)
    """The first key of a word."""
    sign: Lognormal = Lognormal(0.240, 0.45)
    """A sign or a blank."""
    line: Lognormal = Lognormal(0.90, 0.85)
    """The first key of a line: what comes next is decided here."""
    thought: Lognormal = Lognormal(1.6, 0.6)
    """A pause for thinking inside a line."""
    thought_share: float = 0.04
    """How many words begin with one."""
    notice: Lognormal = Lognormal(0.42, 0.35)
    """Until the first backspace."""
    again: Lognormal = Lognormal(0.13, 0.25)
    """Between backspaces."""
    mistakes: float = 0.015
    """Share of letters that come out wrong; noticed one to three keys later."""
    reaction: Lognormal = Lognormal(0.5, 0.3)
    """How long a suggestion is visible before it is taken."""

    def scaled(self, name: str, keys: float, pauses: float) -> Rhythm:
        """A person whose keys and whose pauses take so many times as long."""

        def by(one: Lognormal, factor: float) -> Lognormal:
            return Lognormal(one.median * factor, one.sigma)

        return Rhythm(
            name,
            by(self.word, keys),
            by(self.border, keys),
            by(self.sign, keys),
            by(self.line, pauses),
            by(self.thought, pauses),
            self.thought_share,
            by(self.notice, pauses),
            by(self.again, keys),
            self.mistakes,
            by(self.reaction, pauses),
        )


AVERAGE = Rhythm()
FAST = AVERAGE.scaled("fast", 0.6, 0.75)
SLOW = AVERAGE.scaled("slow", 1.9, 1.4)
RHYTHMS = {rhythm.name: rhythm for rhythm in (FAST, AVERAGE, SLOW)}


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and how long the person takes for it."""

    gap_s: float
    text: str
    """What it inserts; empty for a backspace."""


@dataclass(slots=True)
class Tally:
    """What a person did, and did not have to do."""

    keys: int = 0
    """Pressed, with backspaces and acceptances."""
    needed: int = 0
    """That the same text takes this person without any suggestion."""
    useful: int = 0
    """Characters that came from suggestions and would have been typed."""
    accepted: int = 0
    shown: int = 0
    """Suggestions that appeared."""
    right: int = 0
    """Of them those that were worth taking when they appeared."""
    gaps: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Typist:
    """Types holes, with an engine beside."""

    def __init__(self, rhythm: Rhythm, engine: Engine, seed: int) -> None:
        self._rhythm = rhythm
        self._engine = engine
        self._seed = seed
        self.tally = Tally()
        self._news = asyncio.Event()
        engine.on_shown = self._look
        self._at = -1
        """Where the person is in the true text, -1 while there is a mistake before the cursor."""
        self._hole: Hole | None = None
        self._seen: tuple[int, str] | None = None
        """The suggestion last seen: where it began, and its text."""
        self._since = 0.0
        self._gone: float | None = None

    async def type(self, hole: Hole) -> None:
        """Type all of *hole*."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        truth, self._hole = hole.source.text, hole
        self._seen = None
        at = hole.start
        engine, tally = self._engine, self.tally
        engine.open(hole)
        tally.needed += sum(len(self._plan(hole, n)) for n in _typed(truth, hole))
        while at < hole.end:
            self._at = at
            plan = self._plan(hole, at)
            for number, key in enumerate(plan):
                if taken := await self._pause(key.gap_s):
                    at += taken
                    break
                tally.keys += 1
                tally.gaps.append(key.gap_s)
                last = number == len(plan) - 1
                at += len(key.text) if last else 0
                self._at = at if last else -1
                if key.text:
                    engine.typed(key.text)
                else:
                    engine.erased()
                self._look()
        self._at = -1
        tally.seconds += loop.time() - began
        await asyncio.sleep(2.5)  # to another place
        engine.leave()
        if engine.before != truth[: hole.end]:
            raise AssertionError("something else was typed than was meant")

    # -- keys -----------------------------------------------------------------------------------------------

    def _plan(self, hole: Hole, at: int) -> list[Key]:
        """The keys for the next character (a line end brings its indentation), with a mistake and its repair now and then."""
        truth, rhythm = hole.source.text, self._rhythm
        dice = random.Random(f"{self._seed} {hole.source.name} {at}")
        char = truth[at]
        gap = self._gap(truth, at, dice).draw(dice)
        text = char
        if char == "\n":
            begin = at + 1
            while truth[begin] == " ":
                begin += 1
            text = truth[at:begin] if truth[begin] != "\n" else "\n"
        if not (char.isalpha() and dice.random() < rhythm.mistakes):
            return [Key(gap, text)]
        more = min(dice.randrange(3), len(truth[at + 1 : hole.end].split("\n")[0]))
        wrong = dice.choice([c for c in "aeionrst" if c != char.lower()])
        keys = [Key(gap, wrong)]
        keys += [Key(self._gap(truth, at + 1 + n, dice).draw(dice), truth[at + 1 + n]) for n in range(more)]
        keys += [Key((rhythm.again if n else rhythm.notice).draw(dice), "") for n in range(more + 1)]
        return [*keys, Key(rhythm.border.draw(dice), char)]

    def _gap(self, truth: str, at: int, dice: random.Random) -> Lognormal:
        rhythm = self._rhythm
        char, before = truth[at], truth[at - 1]
        if before == "\n" or not truth[truth.rfind("\n", 0, at) + 1 : at].strip(" "):
            return rhythm.line
        if char.isalnum() or char == "_":
            if before.isalnum() or before == "_":
                return rhythm.word
            return rhythm.thought if dice.random() < rhythm.thought_share else rhythm.border
        return rhythm.sign

    # -- suggestions ----------------------------------------------------------------------------------------

    async def _pause(self, seconds: float) -> int:
        """Wait so long for the next key; how many characters of the true text were taken from a suggestion instead."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while True:
            worth = self._worth()
            due = self._since + self._reaction() if worth else math.inf
            due = max(due, loop.time())
            if due >= ends:
                due = ends
            self._news.clear()
            try:
                async with asyncio.timeout_at(due):
                    await self._news.wait()
                continue
            except TimeoutError:
                pass
            if due < ends and worth and worth == self._worth():
                return self._take(worth)
            if loop.time() >= ends:
                return 0

    def _take(self, count: int) -> int:
        assert self._hole is not None
        text = self._hole.source.text[self._at : self._at + count]
        self.tally.keys += 1
        self.tally.accepted += 1
        self.tally.useful += _useful(text)
        self._at += count
        self._seen = None
        self._engine.accepted(text)
        self._look()
        return count

    def _look(self) -> None:
        """The engine shows something else, or the text has changed."""
        shown = self._engine.shown
        now = asyncio.get_running_loop().time()
        self._news.set()
        if not shown or self._at < 0:
            if self._seen is not None and self._gone is None:
                self._gone = now
            return
        if not (
            self._seen and self._goes_on(shown) and (self._gone is None or now - self._gone < _FLICKER_S)
        ):
            self._since = now
            self.tally.shown += 1
            self._seen = (self._at, shown)
            self.tally.right += self._worth() > 0
        self._seen, self._gone = (self._at, shown), None

    def _goes_on(self, shown: str) -> bool:
        """Is it what was seen before, less what was typed since?"""
        assert self._hole is not None
        assert self._seen is not None
        begin, text = self._seen
        if begin > self._at:
            return False
        now = self._hole.source.text[begin : self._at] + shown
        return now.startswith(text) or text.startswith(now)

    def _reaction(self) -> float:
        assert self._hole is not None
        assert self._seen is not None
        text = self._hole.source.text
        ends = self._seen[0] + len(self._seen[1])
        return self._rhythm.reaction.draw(random.Random(f"{self._seed} {len(text)} {ends} r"))

    def _worth(self) -> int:
        """How many characters of what is shown are the true continuation; 0 when it is not worth a key."""
        shown, hole = self._engine.shown, self._hole
        if not shown or self._at < 0 or hole is None or self._seen is None:
            return 0
        return right(shown, hole.source.text[self._at : hole.end])


def right(shown: str, truth: str) -> int:
    """How much of *shown* is worth taking where *truth* comes next: all of it, or its first lines."""
    shown = shown.rstrip()
    if truth.startswith(shown):
        return len(shown) if _useful(shown) >= LEAST else 0
    good = 0
    theirs = truth.split("\n")
    for number, line in enumerate(shown.split("\n")):
        if number >= len(theirs) or line != theirs[number]:
            break
        good += len(line) + (number > 0)
    return good if _useful(truth[:good]) >= LEAST else 0


def _useful(text: str) -> int:
    from bench.replay.texts import keys_of

    return keys_of(text)


def _typed(truth: str, hole: Hole) -> Iterator[int]:
    """The places at which a key is needed."""
    at = hole.start
    while at < hole.end:
        yield at
        at += 1
        if truth[at - 1] == "\n":
            begin = at
            while truth[begin] == " ":
                begin += 1
            at = begin if truth[begin] != "\n" else at
