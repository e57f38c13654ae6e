"""The replay: virtual time, the person at the keyboard, the model. What it measures is `make replay`."""

from __future__ import annotations

import asyncio
import time

from bench.replay import texts, virtual
from bench.replay.model import Model
from bench.replay.play import OURS, Job, play
from bench.replay.typist import right


def test_time_jumps_and_does_not_pass():
    async def main() -> float:
        clock = virtual.LoopClock()
        began = clock.now()
        await clock.sleep(3600)
        return clock.now() - began

    began = time.monotonic()
    assert 3600 == round(virtual.run(main()), 6)
    assert time.monotonic() - began < 5


def test_time_stands_still_while_a_thread_works():
    async def main() -> float:
        asyncio.get_running_loop().call_later(1000, lambda: None)
        await asyncio.to_thread(time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert virtual.run(main()) == 0


def test_indentation_is_no_key():
    assert 2 + 1 + 1 == texts.keys_of("ab\n    c")


def test_what_is_worth_taking():
    truth = "return a + b\n    x = 1\n"
    assert right("return a + b", truth) == 12
    assert right("return a", truth) == 8  # a beginning of what comes is right
    assert right("return a + b\n    y = 2", truth) == 12  # its first line is
    assert right("return a - b", truth) == 0
    assert right("re", truth) == 0  # not worth a key


def test_the_model_knows_a_place_by_the_text_before_it():
    holes = texts.holes(300, seed=3)
    hole = holes[0]
    before = hole.source.text[: hole.start + 9]
    always, never = Model(holes, 1.0, 1), Model(holes, 0.0, 1)
    assert always.continues(before[-500:]) == hole.source.text[hole.start + 9 : hole.end] + "\n"
    assert never.continues(before[-500:]) == never.continues(before)
    assert not hole.source.text[hole.start + 9 : hole.end].startswith(never.continues(before).rstrip())
    assert always.continues(before + "qqq")
    assert always.heard.lost == 1


def test_the_server_types_along_and_it_is_the_same_each_time():
    job = Job(OURS, 0.6, keys=250)
    first = play(job)
    assert first == play(job)
    assert first.requests > 0
    assert first.useful > 0
    assert first.most_at_once == 1
    assert first.unanswered == 0
