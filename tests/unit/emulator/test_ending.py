"""A request has ended before its last byte is written, whatever the answer is."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from zai_ls.clock import SystemClock
from zai_ls.emulator import FAULTS, EmulatorConfig
from zai_ls.emulator.chat import ChatRoute
from zai_ls.emulator.script import HEADER
from zai_ls.emulator.service import Service
from zai_ls.emulator.wire import RAW
from zai_ls.glm.anthropic_server import AnthropicServer
from zai_ls.glm.openai_server import OpenAIServer

SPELLED = {
    "code": "1302",
    "slow-headers": "slow-headers=0",
    "slow-first-token": "slow-first-token=0",
    "slow-stream": "slow-stream=0",
    "huge": "huge=10000",
}
ENDLESS = {"hang", "stall"}


async def in_flight_at_each_write(route, *, fault=None, stream=True, busy=False, model="glm-4.7"):
    """How many requests were in flight when each message was handed to the connection."""
    config = EmulatorConfig(plan="payg" if route == "paas" else "pro")
    service = Service(config, SystemClock())
    dialect = OpenAIServer() if route == "paas" else AnthropicServer()
    if busy:
        service.record.arrive(config.key, route)
    asked = {"model": model, "messages": [{"role": "user", "content": "x"}], "stream": stream}
    body = json.dumps({**asked, "max_tokens": 4000}).encode()
    headers = [(b"authorization", f"Bearer {config.key}".encode())]
    if fault:
        headers.append((HEADER.encode(), fault.encode()))
    received = False
    seen = []

    async def receive():
        nonlocal received
        if received:
            await asyncio.Event().wait()
        received = True
        return {"type": "http.request", "body": body}

    async def send(message):
        if message["type"] == RAW and message["fault"] == "lying-length":
            return  # only announces what is to come
        last = message["type"] == RAW or (
            message["type"] == "http.response.body" and not message.get("more_body")
        )
        seen.append((last, service.record.in_flight(), service.record.served[-1].ended))

    await ChatRoute(service, route, dialect)({"headers": headers, "extensions": {RAW: {}}}, receive, send)
    return seen


def check(seen, others=0):
    *_, (last, in_flight, ended) = seen
    assert last
    assert in_flight == others
    assert ended
    assert [is_last for is_last, _, _ in seen].count(True) == 1


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("route", ["paas", "anthropic"])
@pytest.mark.parametrize("fault", [None, *sorted(FAULTS.keys() - ENDLESS)])
async def test_ended_before_the_last_byte(fault, route, stream):
    """At the last write nothing is in flight: a client that answers that byte with a request finds the place free."""
    fault = SPELLED.get(fault, fault)
    check(await in_flight_at_each_write(route, fault=fault, stream=stream))


async def test_in_flight_until_then():
    """Until the last write of a stream it is in flight."""
    *before, _ = await in_flight_at_each_write("paas")

    assert len(before) > 2
    assert {in_flight for _, in_flight, _ in before} == {1}


@pytest.mark.parametrize("model", ["glm-4.7", "nonsense"])
async def test_refusals_too(model):
    """One that is rejected leaves the one in flight alone; one that is refused has ended."""
    check(await in_flight_at_each_write("paas", model=model, busy=True), others=1)
    check(await in_flight_at_each_write("paas", model="nonsense"))


async def test_a_server_that_ends_takes_its_requests_along():
    """A request whose serving is cancelled counts as hung up, and its place is free."""
    config = EmulatorConfig()
    service = Service(config, SystemClock())

    async def receive():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b""} if not service.record.served[0].model else await never()

    async def never():
        return await asyncio.Event().wait()

    async def send(_):
        await never()

    scope = {"headers": [(b"authorization", config.key.encode())]}
    task = asyncio.create_task(ChatRoute(service, "paas", OpenAIServer())(scope, receive, send))
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert service.record.in_flight() == 0
    assert service.record.served[0].ended
