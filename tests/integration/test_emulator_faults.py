"""Every fault, over real sockets: what arrives, what the record says, and that the place is free afterwards."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.clock import TurnedClock
from tests.integration.emulating import CHAT, ask, ask_anthropic, body, chunks, running, said, until
from zai_ls.domain import FinishReason
from zai_ls.emulator import FAULTS, RAW_FAULTS
from zai_ls.emulator.refusals import CODES

TEXT = "one two three four five six"


def data_lines(response):
    return [line for line in response.text.split("\n") if line.startswith("data:")]


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# -- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
async def test_every_business_code_in_every_shape(code):
    """Each code comes with its HTTP status, in three body shapes, in both languages."""
    async with running(plan="pro") as (emulator, client):
        english = await ask(emulator, client, code, headers={"Accept-Language": "en-US,en"})
        chinese = await ask(emulator, client, code, headers={"Accept-Language": "zh-CN"})
        anthropic = await ask_anthropic(emulator, client, f"code={code}")
        in_band = await ask(emulator, client, f"inband={code}")
        old = await ask_anthropic(emulator, client, f"old-shape={code}")

        assert english.status_code == chinese.status_code == anthropic.status_code == old.status_code >= 400
        assert english.json()["error"]["code"] == code
        assert english.json()["error"]["message"] != chinese.json()["error"]["message"]
        assert "{" not in english.json()["error"]["message"] + chinese.json()["error"]["message"]
        assert chinese.json()["request_id"].startswith("20")
        error = anthropic.json()
        assert error["type"] == "error"
        assert error["error"]["code"] == code
        assert error["error"]["message"].startswith(f"[{code}][")
        assert (in_band.status_code, in_band.json()["code"]) == (200, int(code))
        assert in_band.json()["success"] is False
        assert old.json()["error"]["type"] == code
        assert {(s.ended, s.code) for s in emulator.record.chats} == {("fault", code)}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
async def test_gateway_statuses(status):
    """A gateway's own failure has a page, not JSON."""
    async with running() as (emulator, client):
        response = await ask(emulator, client, f"status={status}")

        assert response.status_code == status
        assert not is_json(response.text)


# -- streams ------------------------------------------------------------------------------------------------------


async def played(emulator, client, fault, ask=ask, **fields):
    """The scripted reply with *fault* on top."""
    emulator.service.script.rules.clear()
    emulator.reply(TEXT, thinking="hm", fault=fault)
    return await ask(emulator, client, **fields)


async def test_cut_stream():
    """The stream ends in good order for HTTP, with neither reason nor [DONE]."""
    async with running() as (emulator, client):
        response = await played(emulator, client, "cut=3")

        assert len(chunks(response)) == 3
        assert "finish_reason" not in response.text
        assert "[DONE]" not in response.text
        assert emulator.record.chats[0].ended == "fault"


async def test_cut_inside_a_chunk():
    """The stream ends in the middle of a chunk's JSON."""
    async with running() as (emulator, client):
        response = await played(emulator, client, "cut-json=3")

        *whole, last = data_lines(response)
        assert len(whole) == 3
        assert not is_json(last[5:])


@pytest.mark.parametrize("before", [0, 3])
async def test_spliced_restart(before):
    """A chunk is cut inside its JSON and the reply begins anew in the same line, with another id."""
    async with running() as (emulator, client):
        response = await played(emulator, client, f"splice={before}")

        spliced = next(line for line in data_lines(response) if not is_json(line[5:]))
        cut, _, restarted = spliced[5:].partition("data: ")
        assert not is_json(cut)
        first = json.loads(restarted)
        after = data_lines(response)[data_lines(response).index(spliced) + 1 : -1]
        assert {json.loads(line[5:])["id"] for line in after} == {first["id"]}
        if before:
            assert json.loads(data_lines(response)[0][5:])["id"] != first["id"]
        assert response.text.endswith("data: [DONE]\n\n")
        assert emulator.record.chats[0].ended == "complete"


async def test_spliced_restart_on_the_anthropic_route():
    """There the restarted message begins inside the cut line too."""
    async with running(plan="pro") as (emulator, client):
        response = await played(emulator, client, "splice=2", ask_anthropic)

        spliced = next(line for line in data_lines(response) if not is_json(line[5:]))
        assert json.loads(spliced.rpartition("data: ")[2])["type"] == "message_start"


async def test_restart_on_a_line_of_its_own():
    """The reply begins anew with another id, and each line is sound."""
    async with running() as (emulator, client):
        response = await played(emulator, client, "restart=3")

        assert len({chunk["id"] for chunk in chunks(response)}) == 2


@pytest.mark.parametrize(("fault", "named"), [("error-in-stream=1308", False), ("error-event=1305", True)])
@pytest.mark.parametrize("route", [ask, ask_anthropic])
async def test_error_inside_a_stream(fault, named, route):
    """After two pieces an error comes where a chunk was due, and nothing after it."""
    async with running(plan="pro") as (emulator, client):
        response = await played(emulator, client, fault, route)

        assert response.status_code == 200
        assert json.loads(data_lines(response)[-1][5:])["error"]["code"] == fault[-4:]
        assert ("event: error" in response.text) == named
        assert "[DONE]" not in response.text


@pytest.mark.parametrize("reason", [reason.value for reason in FinishReason])
async def test_each_finish_reason(reason):
    """A whole stream that ends for any reason the service has, or for one nobody knows."""
    async with running(plan="pro") as (emulator, client):
        response = await played(emulator, client, f"finish={reason}")
        anthropic = await played(emulator, client, f"finish={reason}", ask_anthropic)

        assert chunks(response)[-1]["choices"][0]["finish_reason"] == reason
        assert chunks(anthropic)[-2]["delta"]["stop_reason"]


async def test_empty_text_after_thinking():
    """It thinks, and says nothing."""
    async with running() as (emulator, client):
        response = await ask(emulator, client, "empty-text")

        assert said(response) == ""
        assert said(response, "reasoning_content") != ""
        assert chunks(response)[-1]["choices"][0]["finish_reason"] == "stop"


async def test_huge_reply():
    """A reply of millions of characters, whatever `max_tokens` says."""
    async with running() as (emulator, client):
        response = await ask(emulator, client, "huge=3000000", max_tokens=100)

        assert len(said(response)) == 3_000_000


async def test_small_oddities():
    """JSON where a stream was asked for, another model, no usage, no end mark, no blank after the colon."""
    async with running() as (emulator, client):
        assert (await played(emulator, client, "whole")).json()["choices"][0]["message"]["content"] == TEXT
        assert chunks(await played(emulator, client, "other-model=glm-5.2"))[0]["model"] == "glm-5.2"
        no_usage = await played(emulator, client, "no-usage")
        assert "usage" not in no_usage.text
        assert chunks(no_usage)[-1]["choices"][0]["finish_reason"] == "stop"
        no_done = await played(emulator, client, "no-done")
        assert "[DONE]" not in no_done.text
        assert "usage" in no_done.text
        tight = await played(emulator, client, "tight")
        assert "data: " not in tight.text
        assert "\r\n\r\n" in tight.text
        assert said(tight) == TEXT
        garbage = await played(emulator, client, "garbage")
        assert (garbage.status_code, garbage.headers["content-type"]) == (200, "text/html")
        assert not is_json(data_lines(await played(emulator, client, "garbage-stream"))[0][5:])


@pytest.mark.parametrize(
    ("fault", "headers_at", "text_at"),
    [("slow-headers=2", 2.0, 2.0), ("slow-first-token=2", 0.0, 2.0), ("slow-stream=0.5", 0.0, 0.0)],
)
async def test_slow_replies(fault, headers_at, text_at):
    """Headers, first token or pieces come late, by the clock."""
    clock = TurnedClock()
    async with running(clock) as (emulator, client):
        emulator.reply("a b c d", fault=fault)
        start = clock.now()
        seen = {}

        async def listen():
            async with client.stream("POST", emulator.base_url + CHAT, json=body()) as response:
                seen["headers"] = clock.now() - start
                async for _ in response.aiter_bytes():
                    seen.setdefault("text", clock.now() - start)
            seen["end"] = clock.now() - start

        task = asyncio.create_task(listen())
        await until(lambda: clock.sleeping == 1)
        if headers_at == 0:
            await until(lambda: "headers" in seen)
        if text_at == 0 and headers_at == 0 and not fault.startswith("slow-first"):
            await until(lambda: "text" in seen)
        while not task.done():
            if clock.sleeping:
                await clock.turn(0.5)
            else:
                await asyncio.sleep(0)

        assert (seen["headers"], seen["text"]) == (headers_at, text_at)
        assert seen["end"] >= (2.0 if fault != "slow-stream=0.5" else 1.5)


@pytest.mark.parametrize("fault", ["hang", "stall=2"])
async def test_faults_that_wait_for_the_client_to_leave(fault):
    """Nothing more comes until the client hangs up, and then the place is free."""
    async with running() as (emulator, client):
        task = asyncio.create_task(ask(emulator, client, fault))
        await until(lambda: emulator.record.in_flight() == 1)
        if fault != "hang":
            await until(lambda: emulator.record.chats[0].completion_tokens == 2)
        task.cancel()
        await until(lambda: emulator.record.in_flight() == 0)

        assert emulator.record.chats[0].ended == "hangup"
        assert (await ask(emulator, client)).status_code == 200


@pytest.mark.parametrize("fault", ["cut", "cut-json", "splice", "error-in-stream"])
async def test_breaking_faults_where_no_stream_was_asked(fault):
    """Half a document arrives."""
    async with running() as (emulator, client):
        response = await ask(emulator, client, fault, stream=False)

        assert response.status_code == 200
        assert not is_json(response.text)


# -- below HTTP -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", httpx.ReadError),
        ("reset=2", httpx.ReadError),
        ("no-reply", httpx.RemoteProtocolError),
        ("lying-length", httpx.RemoteProtocolError),
        ("cut-chunk=2", httpx.RemoteProtocolError),
        ("bad-head", httpx.RemoteProtocolError),
    ],
)
@pytest.mark.parametrize("by", ["header", "script"])
async def test_faults_below_http(fault, error, by):
    """The raw port resets, lies and stops; after it a request is served there again."""
    async with running() as (emulator, client):
        if by == "script":
            emulator.fail(fault)
        with pytest.raises(error):
            await ask(emulator, client, fault if by == "header" else None, raw=True)

        await until(lambda: emulator.record.in_flight() == 0)
        assert emulator.record.chats[0].ended == "fault"
        assert (await ask(emulator, client, raw=True)).status_code == 200


@pytest.mark.parametrize("fault", ["reset=2", "cut-chunk=2"])
async def test_pieces_arrive_before_the_connection_breaks(fault):
    """What was said before the break can be read."""
    async with running() as (emulator, client):
        read = b""
        with pytest.raises(httpx.TransportError):  # noqa: PT012 - the break comes while reading
            async with client.stream(
                "POST", emulator.raw_base_url + CHAT, json=body(), headers={"x-emulator-fault": fault}
            ) as response:
                async for chunk in response.aiter_bytes():
                    read += chunk

        assert read.count(b"data: ") >= 2


async def test_raw_faults_are_refused_on_the_other_port():
    """A fault that cannot be played says where it can."""
    async with running() as (emulator, client):
        for fault in RAW_FAULTS:
            response = await ask(emulator, client, fault)
            assert response.status_code == 400
            assert "raw port" in response.text


async def test_raw_port_notices_a_hang_up():
    """There too a request ends when its client leaves."""
    async with running() as (emulator, client):
        task = asyncio.create_task(ask(emulator, client, "stall", raw=True))
        await until(lambda: emulator.record.in_flight() == 1)
        task.cancel()
        await until(lambda: emulator.record.in_flight() == 0)

        assert emulator.record.chats[0].ended == "hangup"


# -- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_after_every_fault_the_place_is_free(fault):
    """Whatever was played, on whichever route and port, the next request is served."""
    spelled = {"code": "code=1302", "slow-headers": "slow-headers=0.01", "slow-stream": "slow-stream=0.001"}
    spelled |= {"slow-first-token": "slow-first-token=0.01", "huge": "huge=300000"}
    async with running() as (emulator, client):
        for raw in (False, True):
            if fault in {"hang", "stall"} or (fault in RAW_FAULTS and not raw):
                continue
            try:
                await ask(emulator, client, spelled.get(fault, fault), raw=raw)
            except httpx.TransportError:
                assert fault in RAW_FAULTS
            await until(lambda: emulator.record.in_flight() == 0)
            served = await ask(emulator, client, raw=raw)

            assert served.status_code == 200
            assert said(served)


# -- rules ------------------------------------------------------------------------------------------------------------


async def test_rules_match_by_model_body_and_number():
    """The first matching rule is used, as often as it says."""
    async with running() as (emulator, client):
        emulator.fail("1305", model="glm-4.5-air")
        emulator.fail("status=500", body="needle", times=2)
        emulator.fail("1200", nth=3)

        async def status(**fields):
            return (await ask(emulator, client, **fields)).status_code

        assert await status() == 200
        assert await status(model="glm-4.5-air") == 429
        assert await status() == 500  # the third
        assert await status(text="a needle here") == 500
        assert await status(text="a needle here") == 500
        assert await status(text="a needle here") == 200


async def test_a_header_goes_before_the_script():
    """The request's own wish counts, and does not use up a rule."""
    async with running() as (emulator, client):
        emulator.fail("1305")

        assert (await ask(emulator, client, "1200")).status_code == 500
        assert (await ask(emulator, client)).status_code == 429


@pytest.mark.parametrize("fault", ["nonsense", "code=9999", "cut=many", "finish=never"])
async def test_a_fault_that_cannot_be_read(fault):
    """It is answered with what is wrong about it."""
    async with running() as (emulator, client):
        response = await ask(emulator, client, fault)

        assert response.status_code == 400
        assert fault.partition("=")[2] in response.text
