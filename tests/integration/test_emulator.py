"""The emulator enforces what the service enforces, over real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.clock import TurnedClock
from tests.integration.emulating import CHAT, ask, ask_anthropic, body, chunks, running, said, until
from zai_ls.domain import FinishReason, Usage
from zai_ls.emulator.refusals import CODES

NOON = datetime(2026, 10, 5, 4, 0, tzinfo=UTC).timestamp()
"""A Monday, 12:00 in UTC+8: off-peak."""


# -- replies --------------------------------------------------------------------------------------------------


async def test_stream_is_thinking_then_text_then_usage_then_done():
    """A stream thinks first, then speaks, then tells reason and usage in its last chunk, and ends with [DONE]."""
    async with running() as (emulator, client):
        emulator.reply("def f():\n    return 1", thinking="Let me see.")
        response = await ask(emulator, client)

        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text.endswith("data: [DONE]\n\n")
        kinds = ["reasoning_content" in c["choices"][0]["delta"] for c in chunks(response)]
        assert kinds == sorted(kinds, reverse=True)
        assert chunks(response)[0]["choices"][0]["delta"]["role"] == "assistant"
        assert said(response, "reasoning_content") == "Let me see."
        assert said(response) == "def f():\n    return 1"
        last = chunks(response)[-1]
        assert last["choices"][0]["finish_reason"] == "stop"
        assert last["usage"]["completion_tokens"] == len(chunks(response)) - 1
        assert all("usage" not in chunk for chunk in chunks(response)[:-1])
        assert {chunk["id"] for chunk in chunks(response)} == {last["id"]}


async def test_ids_begin_with_the_time_in_utc_plus_8():
    """An id's first fourteen digits are its creation time on the service's wall clock."""
    async with running(TurnedClock(NOON)) as (emulator, client):
        first = chunks(await ask(emulator, client))[0]

        assert first["id"].startswith("20261005120000")
        assert first["created"] == NOON


async def test_whole_reply_when_no_stream_is_asked():
    """Without `stream` the reply is one document with the same content."""
    async with running() as (emulator, client):
        emulator.reply("text", thinking="thought", usage=Usage(10, 4, 3, 1))
        value = (await ask(emulator, client, stream=False)).json()

        message = value["choices"][0]["message"]
        assert (message["content"], message["reasoning_content"]) == ("text", "thought")
        assert value["usage"]["total_tokens"] == 13
        assert value["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}


async def test_anthropic_events_in_their_order():
    """The Anthropic route tells message, blocks and end in the order of its protocol."""
    async with running(plan="pro") as (emulator, client):
        emulator.reply("Hi", thinking="Hm", usage=Usage(20, 5, 7))
        response = await ask_anthropic(emulator, client)

        names = re.findall(r"^event: (.*)$", response.text, re.MULTILINE)
        assert names == [
            "message_start", "ping",
            "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
            "content_block_start", "content_block_delta", "content_block_stop",
            "message_delta", "message_stop",
        ]  # fmt: skip
        events = chunks(response)
        assert [e["type"] for e in events] == names
        assert [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"] == [
            "thinking",
            "text",
        ]
        assert events[-2]["delta"]["stop_reason"] == "end_turn"
        assert events[-2]["usage"] == {
            "input_tokens": 15,
            "cache_read_input_tokens": 5,
            "output_tokens": 7,
        }


async def test_anthropic_whole():
    """A message in one piece has its blocks as a list."""
    async with running(plan="pro") as (emulator, client):
        emulator.reply("Hi", thinking="Hm", finish=FinishReason.LENGTH)
        value = (await ask_anthropic(emulator, client, stream=False)).json()

        assert [block["type"] for block in value["content"]] == ["thinking", "text"]
        assert value["stop_reason"] == "max_tokens"


async def test_max_tokens_and_stop_are_honoured():
    """`max_tokens` counts thinking and text; a stop word is not said."""
    async with running() as (emulator, client):
        emulator.reply("one two three END four", thinking="thought " * 3)
        cut = await ask(emulator, client, max_tokens=5)
        emulator.reply("one two three END four")
        stopped = await ask(emulator, client, stop=["END"])

        assert chunks(cut)[-1]["choices"][0]["finish_reason"] == "length"
        assert chunks(cut)[-1]["usage"]["completion_tokens"] == 5
        assert said(stopped) == "one two three "


async def test_thinking_disabled_is_honoured_where_the_model_allows():
    """glm-4.7 does not think when told not to, and thinks when told nothing."""
    async with running() as (emulator, client):
        off = await ask(emulator, client, thinking={"type": "disabled"})
        default = await ask(emulator, client)

        assert said(off, "reasoning_content") == ""
        assert said(default, "reasoning_content") != ""


async def test_every_reply_says_that_it_is_emulated():
    """Whatever is asked, whoever reads the reply knows."""
    async with running() as (emulator, client):
        for text in ("hello", "Explain:\n```python\nx = 1\n```", "Simplify this.\n```go\nx := 1\n```"):
            assert "emulated" in said(await ask(emulator, client, text=text))


async def test_a_system_text_seen_before_is_cached():
    """The second request with the same beginning reports cached tokens."""
    async with running() as (emulator, client):
        messages = [{"role": "system", "content": "s" * 400}, {"role": "user", "content": "u"}]
        cached = [
            chunks(await ask(emulator, client, messages=messages))[-1]["usage"]["prompt_tokens_details"][
                "cached_tokens"
            ]
            for _ in range(2)
        ]

        assert cached == [0, 104]


# -- keys, products, fields -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "path", "key", "status", "code"),
    [
        ("payg", "/api/paas/v4/chat/completions", None, 200, None),
        ("payg", "/api/paas/v4/chat/completions", "", 401, "1001"),
        ("payg", "/api/paas/v4/chat/completions", "wrong", 401, "1000"),
        ("payg", "/api/coding/paas/v4/chat/completions", None, 429, "1309"),
        ("payg", "/api/anthropic/v1/messages", None, 429, "1309"),
        ("lite", "/api/paas/v4/chat/completions", None, 429, "1113"),
        ("lite", "/api/coding/paas/v4/chat/completions", None, 200, None),
        ("lite", "/api/anthropic/v1/messages", None, 200, None),
        ("payg", "/api/paas/v4/models", "wrong", 401, "1000"),
    ],
)
async def test_a_key_opens_its_own_product_only(plan, path, key, status, code):
    """Missing, wrong and misplaced keys get the code that the service gives them."""
    async with running(plan=plan) as (emulator, client):
        headers = {} if key is None else {"Authorization": f"Bearer {key}" if key else ""}
        method = "GET" if path.endswith("models") else "POST"
        response = await client.request(method, emulator.url + path, json=body(max_tokens=9), headers=headers)

        assert response.status_code == status
        if code is not None:
            assert response.json()["error"]["code"] == code
            assert emulator.record.served[-1].code == code
            assert emulator.record.served[-1].ended == "refused"


async def test_raw_key_and_x_api_key_are_taken():
    """A key without `Bearer`, and the Anthropic route's own header, open the door too."""
    async with running(plan="pro") as (emulator, _), httpx.AsyncClient() as client:
        for headers in ({"Authorization": emulator.key}, {"x-api-key": emulator.key}):
            assert (await ask_anthropic(emulator, client, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("plan", "fields", "code"),
    [
        ("payg", {"model": "glm-nonsense"}, "1211"),
        ("lite", {"model": "glm-5"}, "1311"),
        ("pro", {"model": "glm-5"}, None),
        ("payg", {"max_tokens": 131073}, "1210"),
        ("payg", {"max_tokens": 0}, "1210"),
        ("payg", {"model": "glm-4.5-air", "max_tokens": 98305}, "1210"),
        ("payg", {"model": "glm-5.3", "thinking": {"type": "disabled"}}, "1210"),
        ("pro", {"model": "glm-5.3", "thinking": {"type": "disabled"}}, None),
        ("payg", {"model": "glm-5.3", "reasoning_effort": "medium"}, "1210"),
        ("payg", {"model": "glm-5.3", "reasoning_effort": "low"}, None),
        ("payg", {"messages": None}, "1213"),
        ("payg", {"messages": [{"role": "system", "content": "only"}]}, "1214"),
        ("payg", {"thinking": "off"}, "1214"),
        ("payg", {"text": "x" * 900_000}, "1261"),
    ],
)
async def test_requests_that_the_service_does_not_take(plan, fields, code):
    """Models, bounds and fields are checked as the service checks them."""
    async with running(plan=plan) as (emulator, client):
        response = await ask(emulator, client, **fields)

        if code is None:
            assert response.status_code == 200
        else:
            assert response.json()["error"]["code"] == code
        assert emulator.record.in_flight() == 0


async def test_disabled_thinking_on_a_plan_is_ignored():
    """The coding endpoint takes the field for a model that always thinks, and the model thinks."""
    async with running(plan="pro") as (emulator, client):
        response = await ask(emulator, client, model="glm-5.3", thinking={"type": "disabled"})

        assert said(response, "reasoning_content") != ""


async def test_bytes_that_are_no_json():
    """A body that is no request is refused with 1210 and frees its place."""
    async with running() as (emulator, client):
        response = await client.post(emulator.base_url + CHAT, content=b"{not json")

        assert response.json()["error"]["code"] == "1210"
        assert (await ask(emulator, client)).status_code == 200


async def test_refusals_speak_the_language_that_is_asked_for():
    """`Accept-Language` chooses the words, never the code."""
    async with running() as (emulator, client):
        for language, word in (("zh-CN,zh", "模型不存在"), ("en-US,en", "Unknown Model")):
            response = await ask(emulator, client, model="nope", headers={"Accept-Language": language})
            assert response.json()["error"]["code"] == "1211"
            assert word in response.json()["error"]["message"]


async def test_models_of_the_plan_without_the_free_ones():
    """The models list has OpenAI's shape and leaves out free models although they answer."""
    async with running(plan="lite") as (emulator, client):
        names = {m["id"] for m in (await client.get(emulator.base_url + "/models")).json()["data"]}

        assert {"glm-4.7", "glm-5.3"} <= names
        assert not {"glm-5", "glm-4.7-flash"} & names
        assert (await ask(emulator, client, model="glm-4.7-flash")).status_code == 200


# -- one in flight ------------------------------------------------------------------------------------------------


async def test_a_second_request_is_rejected_at_once_and_recorded():
    """While one is served another gets 1302 without waiting; both stand in the record, with the overlap."""
    clock = TurnedClock()
    async with running(clock, first_token_s=1) as (emulator, client):
        first = asyncio.create_task(ask(emulator, client))
        await until(lambda: clock.sleeping == 1)
        second = await ask(emulator, client, model="glm-4.5-air")
        await clock.turn(1)
        assert (await first).status_code == 200

        assert (second.status_code, second.json()["error"]["code"]) == (429, "1302")
        record = emulator.record
        assert [(s.model, s.ended, s.status) for s in record.chats] == [
            ("glm-4.7", "complete", 200),
            ("glm-4.5-air", "rejected", 429),
        ]
        assert (record.most_in_flight, record.most_at_once) == (1, 2)
        assert [(o.id, o.others, o.not_yet) for o in record.overlaps] == [(2, (1,), False)]
        assert len(record.too_many) == 1


@pytest.mark.parametrize(("slots", "statuses"), [(1, [200, 429, 429]), (2, [200, 200, 429]), (3, [200] * 3)])
async def test_as_many_at_once_as_there_are_slots(slots, statuses):
    """N requests of a key are served at once, the next is rejected."""
    clock = TurnedClock()
    async with running(clock, first_token_s=1, slots=slots) as (emulator, client):
        asked = []
        for count in range(1, 4):
            asked.append(asyncio.create_task(ask(emulator, client)))
            await until(lambda n=count: len(emulator.record.chats) == n)
        await until(lambda: clock.sleeping == slots)
        await clock.turn(1)

        assert sorted(response.status_code for response in await asyncio.gather(*asked)) == statuses
        assert emulator.record.most_in_flight == slots


async def test_keys_do_not_share_a_place():
    """Two accounts are served at once; the record counts per key."""
    clock = TurnedClock()
    async with running(clock, first_token_s=1, more_keys={"other.key": "payg"}) as (emulator, client):
        one = asyncio.create_task(ask(emulator, client))
        two = asyncio.create_task(ask(emulator, client, headers={"Authorization": "Bearer other.key"}))
        await until(lambda: clock.sleeping == 2)
        await clock.turn(1)

        assert [(await task).status_code for task in (one, two)] == [200, 200]
        assert emulator.record.most_in_flight == 1


async def test_place_of_a_hung_up_client_is_freed_later():
    """After a hang-up the place is held for `hangup_s`; a request in that time is "not yet", not a second one."""
    clock = TurnedClock()
    async with running(clock, hangup_s=0.15) as (emulator, client):
        async with client.stream(
            "POST", emulator.base_url + CHAT, json=body(), headers={"x-emulator-fault": "stall=3"}
        ) as response:
            async for _ in response.aiter_bytes():
                break
        await until(lambda: emulator.record.chats[0].ended == "hangup")
        early = await ask(emulator, client)
        await clock.turn(0.15)
        later = await ask(emulator, client)

        assert early.json()["error"]["code"] == "1302"
        assert later.status_code == 200
        assert [o.not_yet for o in emulator.record.overlaps] == [True]
        assert not emulator.record.too_many
        assert (emulator.record.most_in_flight, emulator.record.most_at_once) == (1, 1)


async def test_hang_up_before_the_headers_is_noticed():
    """A client that leaves while nothing was sent yet ends its request."""
    async with running() as (emulator, client):
        task = asyncio.create_task(ask(emulator, client, "hang"))
        await until(lambda: emulator.record.in_flight() == 1)
        task.cancel()
        await until(lambda: emulator.record.in_flight() == 0)

        assert emulator.record.chats[0].ended == "hangup"
        assert (await ask(emulator, client)).status_code == 200


async def test_recording_only_serves_everything():
    """Told to record and not to enforce, it measures what clients do."""
    clock = TurnedClock()
    async with running(clock, first_token_s=1, enforce_slots=False) as (emulator, client):
        asked = [asyncio.create_task(ask(emulator, client)) for _ in range(3)]
        await until(lambda: clock.sleeping == 3)
        await clock.turn(1)

        assert [(await task).status_code for task in asked] == [200] * 3
        assert emulator.record.most_in_flight == 3
        assert len(emulator.record.too_many) == 2


async def test_the_next_request_upon_the_last_byte_is_never_rejected():
    """A client that asks again the moment it has the last byte is never accused, over either port and kind of reply."""
    async with running() as (emulator, _):
        for n in range(60):
            streams, raw = n % 2 == 0, n % 3 == 0
            payload = json.dumps(body(stream=streams)).encode()
            port = emulator.raw_port if raw else emulator.port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                b"POST /api/paas/v4/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (emulator.key.encode(), len(payload), payload)
            )
            end = b"[DONE]\n\n" if streams else b"}"
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n")[0]
            read = b""
            while not (end in read and (streams or read.rstrip(b"\r\n0").endswith(b"}}"))):
                read += await reader.read(65536)
            writer.close()
            await writer.wait_closed()

        assert emulator.record.overlaps == []
        spans = [(s.started_at, s.ended_at) for s in emulator.record.chats]
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


# -- time ---------------------------------------------------------------------------------------------------------


async def test_first_token_and_service_time_are_kept():
    """The first token comes after its delay, the last byte when the service time is over."""
    clock = TurnedClock()
    async with running(clock, first_token_s=0.2, service_s=0.3) as (emulator, client):
        emulator.reply("one two three four five six seven eight nine ten")
        task = asyncio.create_task(ask(emulator, client))
        await until(lambda: clock.sleeping == 1)
        assert emulator.record.chats[0].completion_tokens == 0
        await clock.turn(0.2)
        assert emulator.record.chats[0].completion_tokens > 0
        while clock.sleeping:
            await clock.turn(0.01)
        assert (await task).status_code == 200

        served = emulator.record.chats[0]
        assert served.ended_at - served.started_at == pytest.approx(0.3, abs=0.02)


async def test_tokens_per_second():
    """Without a service time the reply takes as long as its tokens do."""
    clock = TurnedClock()
    async with running(clock, tokens_per_second=10) as (emulator, client):
        emulator.reply("a b c d e f g h i j")
        task = asyncio.create_task(ask(emulator, client))
        await until(lambda: clock.sleeping == 1)
        while clock.sleeping:
            await clock.turn(0.1)
        await task

        served = emulator.record.chats[0]
        assert served.ended_at - served.started_at == pytest.approx(1.0, abs=0.01)


# -- windows --------------------------------------------------------------------------------------------------------


async def test_a_spent_window_refuses_until_its_reset():
    """1308 names the reset in UTC+8; after that instant the window is whole again."""
    async with running(TurnedClock(NOON), plan="lite", limits={"5h": 0.5}) as (emulator, client):
        emulator.reply("x", usage=Usage(1000, 0, 1000))
        assert (await ask(emulator, client)).status_code == 200
        refused = await ask(emulator, client)
        emulator.turn(5 * 3600)
        again = await ask(emulator, client)

        assert refused.json()["error"]["code"] == "1308"
        assert "2026-10-05 17:00:00" in refused.json()["error"]["message"]
        assert again.status_code == 200


async def test_a_spent_week_outlasts_the_five_hours():
    """1310 stays when the 5-hour window is whole again, and goes with the seven days."""
    async with running(TurnedClock(NOON), plan="lite", limits={"week": 0.5}) as (emulator, client):
        emulator.reply("x", usage=Usage(1000, 0, 1000))
        await ask(emulator, client)
        codes = []
        for seconds in (0, 5 * 3600, 7 * 86_400):
            emulator.turn(seconds)
            response = await ask(emulator, client)
            codes.append(response.status_code if response.is_success else response.json()["error"]["code"])

        assert codes == ["1310", "1310", 200]


async def test_credits_cost_half_off_peak():
    """The same usage takes twice as much in peak hours (14:00 to 18:00, UTC+8, Monday to Friday)."""
    async with running(TurnedClock(NOON), plan="lite") as (emulator, client):
        used = []
        for seconds in (0, 3 * 3600):
            emulator.turn(seconds)
            emulator.reply("x", usage=Usage(10_000, 0, 0))
            await ask(emulator, client)
            used.append(emulator.windows.at(emulator.service.now())[1].used)

        assert used == [pytest.approx(2.3), pytest.approx(2.3 + 4.6)]


async def test_prompts_are_counted_by_calls():
    """On an older plan so many calls are one prompt, whatever they cost."""
    async with running(plan="lite", unit="prompts", limits={"5h": 2}, calls_per_prompt=2) as (
        emulator,
        client,
    ):
        statuses = [(await ask(emulator, client)).status_code for _ in range(5)]

        assert statuses == [200, 200, 200, 200, 429]


async def test_a_cut_request_is_charged_for_what_was_sent():
    """The window knows the prompt and the pieces of a request that a hang-up ended."""
    async with running(plan="lite") as (emulator, client):
        async with client.stream(
            "POST", emulator.base_url + CHAT, json=body(), headers={"x-emulator-fault": "stall=3"}
        ) as response:
            async for _ in response.aiter_bytes():
                break
        await until(lambda: emulator.record.chats[0].ended == "hangup")

        assert emulator.record.chats[0].completion_tokens == 3
        assert emulator.windows.at(emulator.service.now())[0].used > 0


async def quota(emulator, client, query="", **headers):
    return (await client.get(emulator.url + "/api/monitor/usage/quota/limit" + query, headers=headers)).json()


async def test_quota_endpoint_in_both_generations_from_the_same_numbers():
    """Credits plans tell absolute numbers, older ones only percentages; both tell the same fullness."""
    async with running(TurnedClock(NOON), plan="lite") as (emulator, client):
        now = emulator.service.now()
        idle = await quota(emulator, client)
        emulator.windows.fill("5h", 25, now)
        emulator.windows.fill("week", 98, now)
        new = await quota(emulator, client)
        old = await quota(emulator, client, "?generation=tokens")

        assert "nextResetTime" not in idle["data"]["limits"][0]
        assert new["data"]["level"] == "lite"
        five, week = new["data"]["limits"]
        assert (five["type"], five["unit"], five["number"]) == ("CREDIT_LIMIT", 3, 5)
        assert (five["usage"], five["currentValue"], five["remaining"]) == (2000, 500, 1500)
        assert five["nextResetTime"] == (NOON + 5 * 3600) * 1000
        assert (week["unit"], week["number"], week["percentage"]) == (6, 1, 98)
        tokens = [w for w in old["data"]["limits"] if w["type"] == "TOKENS_LIMIT"]
        assert [w["percentage"] for w in tokens] == [25, 98]
        assert all("usage" not in w for w in tokens)
        assert any(w["type"] == "TIME_LIMIT" for w in old["data"]["limits"])


async def test_quota_endpoint_fails_in_band():
    """Its errors come with HTTP status 200 and a code inside."""
    async with running(more_keys={"plan.key": "pro"}) as (emulator, client):
        cases = {"": 1001, "wrong": 401, emulator.key: 500, "plan.key": 200}
        for key, code in cases.items():
            response = await client.get(
                emulator.url + "/api/monitor/usage/quota/limit", headers={"Authorization": key}
            )
            assert response.status_code == 200
            assert (response.json()["code"], response.json()["success"]) == (code, code == 200)


async def test_quota_endpoint_fails_as_told():
    """Faults are played there too, until told otherwise."""
    async with running(plan="pro") as (emulator, client):
        url = emulator.url + "/api/monitor/usage/quota/limit"
        emulator.fail_quota("status=503")
        assert (await client.get(url)).status_code == 503
        emulator.fail_quota("1302")
        assert (await client.get(url)).json()["error"]["code"] == "1302"
        emulator.fail_quota(None)
        assert (await client.get(url)).json()["success"]
        assert (await client.get(url, headers={"x-emulator-fault": "inband=1000"})).json()["code"] == 1000


@pytest.mark.parametrize(
    ("fault", "status", "usable"),
    [("garbage", 200, False), ("cut", 200, False), ("empty-text", 200, True), ("nonsense", 400, False)],
)
async def test_quota_endpoint_answers_nonsense(fault, status, usable):
    """It may answer a page, half a document, or nothing in particular."""
    async with running(plan="pro") as (emulator, client):
        response = await client.get(
            emulator.url + "/api/monitor/usage/quota/limit", headers={"x-emulator-fault": fault}
        )

        assert response.status_code == status
        if usable:
            assert response.json()["data"] == {}
        else:
            with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
                response.json()


# -- control --------------------------------------------------------------------------------------------------------


async def test_record_script_and_clock_over_http():
    """Other processes read the record, add rules and turn the clock through control routes."""
    async with running(TurnedClock(NOON)) as (emulator, client):
        rules = [{"reply": "scripted", "model": "glm-4.7"}, {"fault": "1305", "nth": 2}]
        await client.post(emulator.url + "/emulator/script", json=rules)
        await client.post(emulator.url + "/emulator/turn", json={"seconds": 3600})
        assert said(await ask(emulator, client)) == "scripted"
        assert (await ask(emulator, client)).json()["error"]["code"] == "1305"
        record = (await client.get(emulator.url + "/emulator/record")).json()
        bad = await client.post(emulator.url + "/emulator/script", json=[{"fault": "nonsense"}])

        assert emulator.service.now() == NOON + 3600
        assert [s["ended"] for s in record["served"]] == ["complete", "fault"]
        assert record["most_in_flight"] == 1
        assert emulator.key not in json.dumps(record)
        assert bad.status_code == 400
        assert "nonsense" in bad.json()["error"]


async def test_control_routes_check_what_they_are_told():
    """Rules can be dropped; what is no number of seconds turns nothing."""
    async with running() as (emulator, client):
        emulator.fail("1305", times=None)
        await client.post(emulator.url + "/emulator/script", json={"clear": True, "rules": []})
        turned = await client.post(emulator.url + "/emulator/turn", json={"hours": 1})

        assert emulator.service.script.rules == []
        assert turned.status_code == 400
        assert emulator.service.turned_s == 0


def test_codes_are_those_of_the_catalogue():
    """Every business code that the client knows can be played."""
    from zai_ls.catalogue import shipped_codes

    assert set(CODES) == {code for code in shipped_codes() if code.isdecimal()}


def test_vendor_zone():
    """The tests' noon is a Monday's, where the service lives."""
    there = datetime.fromtimestamp(NOON, UTC) + timedelta(hours=8)

    assert (there.weekday(), there.hour) == (0, 12)
