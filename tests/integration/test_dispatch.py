"""One request's life against the emulator: through the line, over the wire, into the ledger."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.integration.road import chat, road
from zai_ls.dispatch import Exchange
from zai_ls.domain import Lane, Usage
from zai_ls.emulator.config import EmulatorConfig
from zai_ls.errors import ModelClosed, Paused, Preempted, RateLimited, StateLocked, Superseded
from zai_ls.state.pause import pause, resume


async def test_a_reply_is_settled_with_the_services_own_usage(tmp_path):
    """What the service reports is what the ledger has; the slot is free afterwards."""
    async with road(tmp_path) as r:
        r.emulator.reply("hello", usage=Usage(prompt_tokens=11, completion_tokens=7, cached_tokens=3))

        reply = await r.ask(r.exchange())

        assert "hello" in reply.text
        (entry,) = r.ledger.recent("test", 9)
        assert ("complete", 11, 7, 3, False) == (
            entry.state,
            entry.usage.prompt_tokens,
            entry.usage.completion_tokens,
            entry.usage.cached_tokens,
            entry.usage.estimated,
        )
        assert r.is_at_rest()


@pytest.mark.parametrize("stream", [True, False])
async def test_a_foreign_request_passes_byte_for_byte(tmp_path, stream):
    """Tools, images and fields nobody knows go out as they are, and the answer comes back as it was sent."""
    body = chat(
        stream=stream,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        unknown_field={"ä": [1, 2]},
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hi"},
                    {"type": "image_url", "image_url": {"url": "data:,"}},
                ],
            }
        ],
    )
    answer = (
        b'data: {"odd": "\xc3\xa4",   "tool_calls": []}\n\ndata: [DONE]\n\n' if stream else b'{ "odd" : 1 }'
    )
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        received.extend([head, await reader.readexactly(length)])
        writer.write(
            b"HTTP/1.1 200 OK\r\nX-Theirs: 2\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, road(tmp_path) as r:
        port = server.sockets[0].getsockname()[1]
        exchange = Exchange(
            account=replace(r.account, base_url=f"http://127.0.0.1:{port}/v1"),
            lane=Lane.AGENT,
            model="glm-4.7",
            path="/chat/completions?x=%20y",
            headers=(("Content-Type", "application/json"), ("X-Own", "1")),
            body=body,
            expected=Usage(),
        )

        async with r.dispatcher.send(exchange) as streaming:
            got = b"".join([chunk async for chunk in streaming.chunks()])

        assert answer == got
        assert (200, "2", True) == (streaming.status, streaming.headers["x-theirs"], streaming.ended)
        assert body == received[1]
        assert received[0].startswith(b"POST /v1/chat/completions?x=%20y HTTP/1.1\r\n")
        assert b"x-own: 1\r\n" in received[0].lower()
        assert r.is_at_rest()


async def test_repr_is_the_one_line_that_everybody_prints(tmp_path):
    """It says who is in flight and how many wait."""
    async with road(tmp_path, EmulatorConfig(first_token_s=0.3)) as r:
        assert "<Dispatcher in flight: none; waiting: 0>" == repr(r.dispatcher)
        asked = [asyncio.create_task(r.ask(r.exchange())) for _ in range(2)]
        async with asyncio.timeout(5):
            while "action glm-4.7; waiting: 1" not in repr(r.dispatcher):
                await asyncio.sleep(0.005)
        await asyncio.gather(*asked)

        assert "<Dispatcher in flight: none; waiting: 0>" == repr(r.dispatcher)


async def test_a_person_goes_before_a_guess_in_flight(tmp_path):
    """An action closes the stream of a typing request; the guess is told so, and never two are in flight."""
    async with road(tmp_path, EmulatorConfig(first_token_s=0.2, service_s=5.0)) as r:
        guess = asyncio.create_task(r.ask(r.exchange(Lane.TYPING, deadline_s=3.0)))
        async with asyncio.timeout(5):
            while not r.emulator.record.in_flight():
                await asyncio.sleep(0.005)
        r.emulator.service.config = EmulatorConfig()

        await r.ask(r.exchange(Lane.ACTION))

        with pytest.raises(Preempted):
            await guess
        assert 1 == r.emulator.record.most_at_once
        assert ["hangup", "complete"] == [served.ended for served in r.emulator.record.chats]
        assert r.is_at_rest()


async def test_a_newer_guess_replaces_a_waiting_one(tmp_path):
    """Of one topic only the newest waits; the older is answered at once."""
    async with road(tmp_path, EmulatorConfig(first_token_s=0.2)) as r:
        flying = asyncio.create_task(r.ask(r.exchange(Lane.ACTION)))
        async with asyncio.timeout(5):
            while not r.emulator.record.in_flight():
                await asyncio.sleep(0.005)
        older = asyncio.create_task(r.ask(r.exchange(Lane.TYPING, topic="a.py", deadline_s=9)))
        await asyncio.sleep(0.02)
        newer = asyncio.create_task(r.ask(r.exchange(Lane.TYPING, topic="a.py", deadline_s=9)))

        with pytest.raises(Superseded):
            await older
        await asyncio.gather(flying, newer)
        assert r.is_at_rest()


async def test_cancelling_in_flight_frees_the_slot_and_counts_what_came(tmp_path):
    """The stream is closed, the entry is settled as an estimate, and the next request goes after the gap."""
    async with road(tmp_path, EmulatorConfig(service_s=30.0)) as r:
        asked = asyncio.create_task(r.ask(r.exchange()))
        async with asyncio.timeout(5):
            while not r.emulator.record.in_flight():
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        r.emulator.service.config = EmulatorConfig()

        await r.ask(r.exchange())

        newest, aborted = r.ledger.recent("test", 9)
        assert ("complete", "aborted", True) == (newest.state, aborted.state, aborted.usage.estimated)
        assert 40 <= aborted.usage.prompt_tokens
        assert 1 == r.emulator.record.most_at_once


async def test_a_pause_stops_everybody_until_resumed(tmp_path):
    """Paused: refused at once, before anything is sent; resumed: it goes."""
    async with road(tmp_path) as r:
        pause(r.slot, "test")
        for lane in Lane:
            with pytest.raises(Paused):
                await r.ask(r.exchange(lane))
        assert [] == r.emulator.record.chats

        resume(r.slot, "test")

        assert (await r.ask(r.exchange())).text


async def test_the_text_may_move_on_while_a_request_waits(tmp_path):
    """`renew` is asked with the slot in hand, and what it returns is what is sent."""
    async with road(tmp_path) as r:
        sent: list[str] = []

        async with r.dispatcher.send(
            r.exchange(model="glm-4.7"),
            renew=lambda _exchange, _model: r.exchange(model="glm-4.5-air"),
            on_sent=lambda exchange: sent.append(exchange.model),
        ) as streaming:
            async for _ in streaming.chunks():
                pass

        assert ["glm-4.5-air"] == sent == [served.model for served in r.emulator.record.chats]


async def test_what_has_come_is_noted_while_it_comes(tmp_path):
    """Should this process be killed, the ledger knows how much of the reply there was, to within a second."""
    async with road(tmp_path, EmulatorConfig(service_s=30.0)) as r:
        r.emulator.reply("word " * 400)
        noted: list[int] = []
        ledger_received = r.ledger.received
        r.ledger.received = lambda entry, tokens: (noted.append(tokens), ledger_received(entry, tokens))  # type: ignore[method-assign] # overheard, not replaced

        async with r.dispatcher.send(r.exchange()) as streaming:
            async for _ in streaming.chunks():
                r.clock.ahead += 0.6
                if len(noted) == 2:
                    break

    assert 0 < noted[0] < noted[1]


class Text:
    """A text that moves on once, and who asks builds anew only then: what the assistant does with the slot in hand."""

    def __init__(self, fresh: Exchange) -> None:
        self._fresh: Exchange | None = fresh

    def renew(self, exchange: Exchange, _model: str) -> Exchange:
        fresh, self._fresh = self._fresh, None
        return fresh or exchange


async def test_a_retry_sends_the_text_that_was_sent_last(tmp_path):
    """The text moved on while the request waited, and the service said wait: the old text never goes out."""
    async with road(tmp_path) as r:
        old, new = r.exchange(), replace(r.exchange(), body=r.exchange().body.replace(b"x = 1", b"x = 2"))
        sent: list[bytes] = []
        r.emulator.fail("1302", times=2)

        async with r.dispatcher.send(
            old, renew=Text(new).renew, on_sent=lambda exchange: sent.append(exchange.body)
        ) as streaming:
            async for _ in streaming.chunks():
                pass

        assert [new.body] * 3 == sent


async def test_a_request_held_up_with_the_slot_in_hand_keeps_the_newest_text(tmp_path):
    """A closure sends it back into the line after the text was read; what goes out later is that text or a newer one."""
    async with road(tmp_path) as r:
        old, new = r.exchange(), replace(r.exchange(), body=r.exchange().body.replace(b"x = 1", b"x = 2"))
        text, sent, times = Text(new), [], itertools.count(1)

        def renew(exchange: Exchange, model: str) -> Exchange:
            if next(times) == 1:
                r.slot.close("test", r.clock.now() + 0.05, "1302")
            return text.renew(exchange, model)

        async with r.dispatcher.send(
            old, renew=renew, on_sent=lambda exchange: sent.append(exchange.body)
        ) as streaming:
            async for _ in streaming.chunks():
                pass

        assert [new.body] == sent


async def test_what_closes_between_the_turn_and_the_sending_stops_it(tmp_path):
    """The throttle is asked again with the slot in hand: a pause in that instant sends nothing and reserves nothing."""
    async with road(tmp_path) as r:

        def renew(exchange: Exchange, _model: str) -> Exchange:
            pause(r.slot, "test")
            return exchange

        with pytest.raises(Paused):
            async with r.dispatcher.send(r.exchange(), renew=renew):
                pass

        assert [] == r.emulator.record.chats
        assert () == r.ledger.recent("test", 9)
        assert r.is_at_rest()


async def test_a_model_that_closes_in_that_instant_closes_no_lane(tmp_path):
    """It is the model's matter: others of the account may be asked."""
    async with road(tmp_path) as r:

        def renew(exchange: Exchange, _model: str) -> Exchange:
            r.slot.close("test", r.clock.now() + 600, "1305", model=exchange.model, reason="Busy.")
            return exchange

        with pytest.raises(ModelClosed, match="Busy"):
            async with r.dispatcher.send(r.exchange(), renew=renew):
                pass

        assert {closure.model for closure in r.slot.closures("test")} == {"glm-4.7"}
        assert await r.ask(r.exchange(model="glm-5"))
        assert r.is_at_rest()


async def abort_one(r) -> None:
    """A request that is left in the middle of its reply."""
    r.emulator.service.config = EmulatorConfig(service_s=30.0)
    r.emulator.reply("word " * 400)
    async with r.dispatcher.send(r.exchange()) as streaming:
        async for _ in streaming.chunks():
            break
    r.emulator.service.config = EmulatorConfig()


@pytest.mark.parametrize("clean", [True, False])
async def test_only_after_an_abort_the_next_one_waits_the_gap(tmp_path, clean):
    """The service notices a hangup later than we do; a body that was read to its end leaves nothing to wait for."""
    async with road(tmp_path) as r:
        await (r.ask(r.exchange()) if clean else abort_one(r))
        gaps = [closure.until for closure in r.slot.closures("test") if closure.code == "gap"]
        started: list[float] = []

        async with r.dispatcher.send(
            r.exchange(), on_sent=lambda _: started.append(r.clock.now())
        ) as streaming:
            async for _ in streaming.chunks():
                pass

        assert len(gaps) == (0 if clean else 1)
        assert all(started[0] >= until for until in gaps)


@pytest.mark.parametrize(
    ("before", "refused"), [("nothing", True), ("a clean end", True), ("an abort", False)]
)
async def test_a_limit_that_says_not_yet_is_told_from_one_that_says_no(
    tmp_path, monkeypatch, before, refused
):
    """Only shortly after an abort, or another tool's request, a 1302 is not counted: a completion gets three more tries."""
    monkeypatch.setattr("zai_ls.dispatch._NOT_YET_S", 60.0)  # a slow machine is not the point
    async with road(tmp_path) as r:
        if before == "a clean end":
            await r.ask(r.exchange())
        elif before == "an abort":
            await abort_one(r)
        r.emulator.fail("1302", times=4)

        asked = asyncio.create_task(r.ask(r.exchange(Lane.INVOKED)))
        await asyncio.wait([asked])

        assert (type(asked.exception()) is RateLimited) == refused
        assert (asked.exception() is not None) == refused


async def longest_stall(stop: asyncio.Event) -> float:
    """How long nothing else could run, at the most, until *stop*."""
    loop, longest = asyncio.get_running_loop(), 0.0
    while not stop.is_set():
        before = loop.time()
        await asyncio.sleep(0.005)
        longest = max(longest, loop.time() - before)
    return longest


async def test_a_locked_database_costs_neither_the_reply_nor_the_editor(tmp_path):
    """While another process keeps it locked the reply comes, nothing freezes for long, and all is settled afterwards."""
    async with road(tmp_path) as r:
        await r.ask(r.exchange())
        r.emulator.reply("hello", usage=Usage(prompt_tokens=11, completion_tokens=7))
        over = asyncio.Event()
        stalled = asyncio.create_task(longest_stall(over))
        other = sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)

        with closing(other):
            async with r.dispatcher.send(
                r.exchange(), on_sent=lambda _: other.execute("BEGIN IMMEDIATE")
            ) as streaming:
                got = b"".join([chunk async for chunk in streaming.chunks()])
            waits = asyncio.create_task(r.ask(r.exchange()))
            await asyncio.sleep(0.3)
            assert not waits.done()
            other.execute("COMMIT")
        await waits
        over.set()

        assert b"hello" in got
        assert await stalled < 1.5
        entries = r.ledger.recent("test", 9)
        assert ["complete"] * 3 == [entry.state for entry in entries]
        assert 11 == entries[1].usage.prompt_tokens
        assert r.is_at_rest()


async def test_a_database_locked_with_the_slot_in_hand_is_waited_for(tmp_path):
    """The reservation is tried again, for the text as it is by then; one request goes out."""
    async with road(tmp_path) as r:
        await r.ask(r.exchange())
        asked: list[Exchange] = []
        with closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as other:

            def renew(exchange: Exchange, _model: str) -> Exchange:
                asked.append(exchange)
                if len(asked) == 1:
                    other.execute("BEGIN IMMEDIATE")
                    asyncio.get_running_loop().call_later(0.2, other.execute, "COMMIT")
                return exchange

            async with r.dispatcher.send(r.exchange(), renew=renew) as streaming:
                async for _ in streaming.chunks():
                    pass

        assert 1 < len(asked)
        assert ["complete"] * 2 == [entry.state for entry in r.ledger.recent("test", 9)]
        assert 2 == len(r.emulator.record.chats)


async def test_a_database_locked_for_long_is_named_as_that(tmp_path):
    """The person reads that another process has it, not that rights are wrong; nothing was sent."""
    async with road(tmp_path) as r:
        await r.ask(r.exchange())
        with closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asked = asyncio.create_task(r.ask(r.exchange()))
            await asyncio.sleep(0.05)
            r.clock.ahead += 20
            with pytest.raises(StateLocked) as caught:
                await asked
        assert "Another process keeps the state database" in caught.value.user_text
        assert 1 == len(r.emulator.record.chats)
