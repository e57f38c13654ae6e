"""Every fault that the service can play, in every lane: one answer, the right error, the slot free afterwards."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.road import CATALOGUE, road
from zai_ls import errors
from zai_ls.domain import FinishReason, Lane, Reply
from zai_ls.emulator.refusals import CODES
from zai_ls.glm.client import Timeouts

QUICK = Timeouts(connect=2, first_byte=0.25, between=0.25, total=3)

WIRE_FAULTS: dict[str, type[BaseException] | None] = {
    "status=500": errors.ServerError,
    "status=502": errors.ServerError,
    "status=503": errors.ServerError,
    "status=504": errors.ServerError,
    "status=529": errors.Overloaded,
    "inband=1000": errors.AuthFailed,
    "inband=1113": errors.NoBalance,
    "garbage": errors.BadReply,
    "garbage-stream": errors.BadReply,
    "hang": errors.TimedOut,
    "stall=1": errors.TimedOut,
    "cut=2": errors.BadReply,
    "cut-json=2": errors.BadReply,
    "restart=2": errors.BadReply,
    "splice=2": errors.BadReply,
    "error-in-stream=1305": errors.Overloaded,
    "error-event=1305": errors.Overloaded,
    "error-in-stream=1308": errors.QuotaExhausted,
    "empty-text": None,
    "finish=length": None,
    "finish=sensitive": None,
    "finish=network_error": None,
    "finish=model_context_window_exceeded": None,
    "huge=2000000": None,
    "whole": None,
    "other-model=glm-5.2": None,
    "no-usage": None,
    "no-done": None,
    "tight": None,
    "slow-first-token=0.1": None,
    "slow-headers=0.1": None,
    "slow-stream=0.01": None,
}
RAW_FAULTS: dict[str, type[BaseException] | None] = {
    "reset=0": errors.BadReply,
    "reset=2": errors.BadReply,
    "no-reply": errors.BadReply,
    "lying-length": errors.BadReply,
    "cut-chunk=2": errors.BadReply,
    "bad-head": errors.BadReply,
}
LANES = list(Lane)


async def check(
    folder, fault: str, expected: type[BaseException] | None, lane: Lane, *, raw: bool = False
) -> None:
    """Play *fault* until further notice; ask once in *lane*."""
    async with road(folder, timeouts=QUICK, raw=raw) as r:
        r.emulator.fail(fault, times=None)

        async with asyncio.timeout(20):
            (answer,) = await asyncio.gather(
                r.ask(r.exchange(lane, deadline_s=15 if lane is Lane.TYPING else None)),
                return_exceptions=True,
            )

        if expected is None:
            assert isinstance(answer, Reply), answer
        else:
            assert type(answer) is expected, answer
            assert answer.user_text
        assert r.is_at_rest()
        assert 1 == r.emulator.record.most_at_once


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("fault", WIRE_FAULTS)
async def test_a_fault_of_the_wire(tmp_path, fault, lane):
    """Whatever comes over the wire ends in one reply or one error of the right class."""
    await check(tmp_path, fault, WIRE_FAULTS[fault], lane)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("fault", RAW_FAULTS)
async def test_a_fault_below_http(tmp_path, fault, lane):
    """Resets, lies about length and broken heads, too."""
    await check(tmp_path, fault, RAW_FAULTS[fault], lane, raw=True)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("code", sorted(CODES))
async def test_a_refusal_by_business_code(tmp_path, code, lane):
    """Each code of the table becomes its own class; it is tried again only where the table says so."""
    expected = getattr(errors, CATALOGUE.codes[code].error)
    async with road(tmp_path, timeouts=QUICK) as r:
        r.emulator.fail(code, times=None)

        (answer,) = await asyncio.gather(
            r.ask(r.exchange(lane, deadline_s=15 if lane is Lane.TYPING else None)), return_exceptions=True
        )

        assert isinstance(answer, expected), answer
        assert answer.code == code
        assert r.is_at_rest()
        tries = len(r.emulator.record.chats)
        assert tries == 1 if not expected.retryable else 1 <= tries <= 9
        assert {"refused"} == {entry.state for entry in r.ledger.recent("test", 9)}
        assert 0 == r.ledger.spent("test", 0).credits


async def test_finish_reasons_arrive_as_what_they_are(tmp_path):
    """The reply says why it ended; what that means is the assistant's business."""
    async with road(tmp_path) as r:
        for reason in (FinishReason.LENGTH, FinishReason.SENSITIVE, FinishReason.NETWORK_ERROR):
            r.emulator.fail(f"finish={reason.value}")
            assert reason is (await r.ask(r.exchange())).finish


async def test_a_refusal_closes_the_account_for_every_process(tmp_path):
    """A spent window refuses everybody until it refills, without asking the service again."""
    async with road(tmp_path) as r:
        r.emulator.fail("1308")
        with pytest.raises(errors.QuotaExhausted):
            await r.ask(r.exchange())

        with pytest.raises(errors.QuotaExhausted) as refused:
            await r.ask(r.exchange())

        assert "1308" == refused.value.code
        assert refused.value.resets_at is not None
        assert 1 == len(r.emulator.record.chats)
