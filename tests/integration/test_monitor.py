"""The quota and the balance endpoint, asked over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import httpx
import pytest

from tests.clock import TurnedClock, settle
from tests.integration.emulating import until
from zai_ls.domain import Account, Secret
from zai_ls.emulator import Emulator, EmulatorConfig
from zai_ls.errors import NoReading
from zai_ls.glm.client import Client
from zai_ls.glm.monitor import LONGEST_S, Monitor, Told


@contextlib.asynccontextmanager
async def asking(**config):
    """An emulator, an account at it, and who asks."""
    clock = TurnedClock()
    async with Emulator(EmulatorConfig(**config), clock=clock) as emulator:
        client = Client(clock, "zai-ls/0", environ={})
        account = Account("a", emulator.base_url, "openai", Secret(emulator.key))
        try:
            yield emulator, account, Monitor(client, clock)
        finally:
            await client.aclose()


def asked(emulator):
    return [(served.route, served.ended) for served in emulator.record.served]


async def no_reading(asking) -> NoReading:
    with pytest.raises(NoReading) as raised:
        await asking
    return raised.value


@pytest.mark.parametrize(("unit", "known"), [("credits", True), ("prompts", False)])
async def test_the_windows_of_a_plan(unit, known):
    """Both generations tell the same fullness; a reading is of the instant at which it came."""
    async with asking(plan="lite", unit=unit) as (emulator, account, monitor):
        now = emulator.service.now()
        emulator.windows.fill("5h", 25, now)
        reading = (await monitor.read(account)).reading
        five, week = reading.windows[:2]

        assert (reading.at, reading.level) == (now, "lite")
        assert (five.name, five.used_percent, five.resets_at) == ("5h", 25.0, now + 5 * 3600)
        assert (week.name, week.used_percent) == ("week", 0.0)
        assert (five.limit is not None) is known
        assert ("month" in {window.name for window in reading.windows}) is not known


ACCOUNT = Account("a", "https://open.bigmodel.cn:8443/api/paas/v4", "openai", Secret("the.key"), plan="payg")


class Streamed(httpx.AsyncByteStream):
    """A body that was not read yet."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self):
        yield self._body


def response(status, body=b"", **headers) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=headers, stream=Streamed(body))


@contextlib.asynccontextmanager
async def answered(*responses):
    """Who asks a host that gives *responses*, and the requests that it saw."""
    seen: list[httpx.Request] = []
    left = iter(responses)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return next(left)

    client = Client(TurnedClock(), "zai-ls/0", httpx.MockTransport(answer), environ={})
    try:
        yield Monitor(client, TurnedClock()), seen
    finally:
        await client.aclose()


async def test_what_is_sent():
    """The vendor's own headers, our own name, no body; the account's own host, with its port, and its currency."""
    money = response(200, b'{"code": 200, "success": true, "data": {"availableBalance": 3}}')
    async with answered(response(401), money) as (monitor, seen):
        told = await monitor.balance(ACCOUNT)

    assert (told.reading.balance, told.reading.currency, told.bearer) == (3.0, "cny", True)
    assert [str(request.url) for request in seen] == [
        "https://open.bigmodel.cn:8443/api/biz/account/query-customer-account-report"
    ] * 2
    assert [request.headers["authorization"] for request in seen] == ["the.key", "Bearer the.key"]
    for request in seen:
        assert request.method == "GET"
        assert request.content == b""
        assert request.headers["accept-language"] == "en-US,en"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["user-agent"] == "zai-ls/0"


@pytest.mark.parametrize(
    ("answer", "why", "wait"),
    [
        (response(429, retry_after="90"), "http", 90.0),
        (response(200, b"<html>", retry_after="7"), "not_json", 7.0),
        (response(429), "http", None),
        (response(302, location="https://elsewhere.example/"), "http", None),
        (response(200, b'{"data": {"limits": [' + b" " * 300_000 + b"]}}"), "not_json", None),
    ],
    ids=["wait", "wait with a page", "no wait", "redirect", "flood"],
)
async def test_answers_that_are_not_taken_whole(answer, why, wait):
    """What it asks us to wait is passed on; a redirect is not followed; a flood is cut off."""
    async with answered(answer) as (monitor, seen):
        error = await no_reading(monitor.read(ACCOUNT))

    assert (error.why, error.retry_after_s, len(seen)) == (why, wait, 1)


@pytest.mark.parametrize("base", ["/api/coding/paas/v4", "/api/anthropic"])
async def test_it_is_asked_at_the_accounts_own_host(base):
    """Whatever path the account's requests take there; a place is not needed."""
    async with asking(plan="pro") as (emulator, account, monitor):
        there = replace(account, base_url=emulator.url + base)
        assert (await monitor.read(there)).reading.level == "pro"

        assert asked(emulator) == [("quota", "complete")]
        assert emulator.record.most_at_once == 0


@pytest.mark.parametrize(
    ("takes", "remembered", "worked", "tries"),
    [
        ("both", None, False, 1),
        ("both", False, False, 1),
        ("both", True, True, 1),
        ("raw", None, False, 1),
        ("raw", True, False, 2),
        ("bearer", None, True, 2),
        ("bearer", False, True, 2),
        ("bearer", True, True, 1),
    ],
)
async def test_the_key_is_tried_in_both_forms(takes, remembered, worked, tries):
    """Bare at first, then as a bearer token; what worked before is tried first. For both endpoints."""
    async with asking(console_keys=takes, more_keys={"plan.key": "max"}) as (emulator, account, monitor):
        told = await monitor.balance(account, bearer=remembered)
        assert told.bearer is worked
        assert len(asked(emulator)) == tries
        told = await monitor.read(replace(account, key=Secret("plan.key")), bearer=remembered)
        assert told.bearer is worked
        assert len(asked(emulator)) == 2 * tries


@pytest.mark.parametrize("refusal", [None, "status=401", "status=403", "inband=1000", "inband=1001", "1002"])
async def test_a_key_that_is_not_taken_is_tried_twice_and_no_more(refusal):
    """However the service says so."""
    async with asking(plan="pro") as (emulator, account, monitor):
        emulator.fail_quota(refusal)
        wrong = account if refusal else replace(account, key=Secret("wrong.key"))
        error = await no_reading(monitor.read(wrong))

        assert (error.why, error.host) == ("auth", account.host)
        assert len(asked(emulator)) == 2
        assert "key" not in repr(error.__dict__)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("status=503", "http"),
        ("status=404", "http"),
        ("1302", "http"),
        ("inband=1305", "http"),
        ("garbage", "not_json"),
        ("cut", "not_json"),
        ("empty-text", "team"),
    ],
)
async def test_no_reading(fault, why):
    """One error that says why, and one try."""
    async with asking(plan="pro") as (emulator, account, monitor):
        emulator.fail_quota(fault)
        error = await no_reading(monitor.read(account))

        assert (error.why, error.host) == (why, account.host)
        assert len(asked(emulator)) == 1


async def test_a_host_that_is_not_there():
    """The network's errors do not come through as they are."""
    async with asking(plan="pro") as (_, account, monitor):
        error = await no_reading(monitor.read(replace(account, base_url="http://127.0.0.1:9/v4")))

        assert error.why == "http"
        assert "127.0.0.1:9 did not tell how much quota is left (connection refused)" in error.user_text


async def test_a_plain_host_gets_no_key():
    """Nothing is sent to another machine in the clear."""
    async with asking(plan="pro") as (_, account, monitor):
        error = await no_reading(monitor.read(replace(account, base_url="http://api.example/v4")))

        assert error.why == "http"


async def test_a_silent_host_is_given_up():
    """After ten seconds, not as late as a model."""
    async with asking(plan="pro") as (emulator, account, monitor):
        emulator.fail_quota("hang")
        clock = emulator.service.clock
        task = asyncio.create_task(no_reading(monitor.read(account)))
        await until(lambda: emulator.record.served)
        await settle()
        await clock.turn(9.9)
        assert not task.done()
        await clock.turn(2.6)

        assert (await task).why == "http"
        assert LONGEST_S >= 2 * 12.5


async def test_pay_as_you_go_has_a_balance_in_place_of_windows():
    """The quota endpoint says that there is no plan; the other tells the money, or does not."""
    async with asking(balance=7.25) as (emulator, account, monitor):
        assert (await no_reading(monitor.read(account))).why == "no_plan"
        told = await monitor.balance(account)
        assert told == Told(told.reading, bearer=False)
        assert (told.reading.balance, told.reading.currency, told.reading.windows) == (7.25, "usd", ())
        assert told.reading.at == emulator.service.now()

        emulator.service.balance = None
        assert (await monitor.balance(account)).reading.balance is None
        emulator.fail_quota("status=500")
        assert (await no_reading(monitor.balance(account))).why == "http"
        assert asked(emulator)[-1] == ("balance", "fault")
