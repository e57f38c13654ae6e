"""A small storm over one account; `make bench` lets the full one blow."""

from __future__ import annotations

from bench.stage import emulator
from bench.storm import storm

EACH = 8


async def test_a_storm_never_puts_two_requests_in_flight(tmp_path):
    """Four processes, all lanes, random cancels, two of them killed while they hold the slot.

    The emulator's record is the judge: never two at once, no refusal but "not yet", the slot free within a second of a
    kill, everybody who lived answered, nothing left behind.
    """
    async with emulator("--hangup-ms", "150", first_token_s=0.05, service_s=0.1) as service:
        result = await storm(service, tmp_path, each=EACH)

    assert 1 == result.most_in_flight
    assert result.refused == result.not_yet
    assert {2: EACH, 3: EACH} == result.answered
    assert 2 == len(result.freed_s)
    assert all(0 <= seconds <= 1.0 for seconds in result.freed_s), result.freed_s
    assert "" == result.left_behind
    assert result.outcomes["done"] > 0
