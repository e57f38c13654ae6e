"""Quota between real processes and an emulated service: status lines, messages, and what `zai-ls quota` prints."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.clients import Watching, a_desk

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def lite(tmp_path):
    """A desk with a plan that has windows."""
    async with a_desk(tmp_path, plan="lite") as desk:
        desk.configure('plan = "lite"\n')
        yield desk


def fill(desk, percent, window="5h"):
    desk.emulator.windows.fill(window, percent, desk.emulator.service.now())


async def test_a_status_line_has_the_windows_as_soon_as_the_server_is_up(lite):
    """As the service told of them, with the time at which they refill; nothing pops up beside it."""
    fill(lite, 85)
    window = await lite.window(Watching, {"zai": {"status": True}})
    status = await window.status_of_which(lambda s: s["windows"] and s["windows"][0]["source"] == "reported")

    assert status["version"] == 1
    assert (status["state"], status["severity"]) == ("ready", "warning")
    five_hours, week = status["windows"]
    assert (five_hours["name"], round(five_hours["usedPercent"])) == ("5h", 85)
    assert five_hours["resetsAt"] > 1_700_000_000
    assert week["name"] == "week"
    assert "5-hour quota: 85 % used" in status["tooltip"]
    assert status["text"] == "GLM 85 %"
    await asyncio.sleep(0)
    assert window.told == []


async def test_without_a_status_line_it_is_a_message_once(lite):
    """Over all windows of a person: the second editor says nothing again."""
    fill(lite, 85)
    one = await lite.window()
    await one.until(lambda: one.told)
    other = await lite.window()
    await other.until(lambda: len([s for s in lite.emulator.record.served if s.route == "quota"]) >= 1)

    (text,) = one.told
    assert "85 % of the 5-hour quota is used" in text
    shown = await lite.zai("quota", "--line")
    assert "5h 85%" in shown
    assert other.told == []


async def test_show_quota_asks_and_tells(lite):
    """In every editor."""
    fill(lite, 40)
    window = await lite.window()
    await window.command("zai.showQuota")
    await window.until(lambda: any("40 % used" in text for text in window.told))


@pytest.mark.parametrize(("language", "title"), [("en", "5-hour quota"), ("zh_CN", "5 小时")])
async def test_quota_prints_bars_and_who_says_so(lite, language, title):
    """Plain when piped, in the person's language."""
    fill(lite, 62)
    printed = await lite.zai("quota", LANGUAGE=language, LC_ALL="", LANG="en_US.UTF-8", PYTHONUTF8="1")

    assert "█" in printed
    assert "62" in printed
    assert "\x1b" not in printed
    assert title in printed


async def test_json_has_the_public_shape(lite):
    """Names that others build on; times in epoch seconds."""
    fill(lite, 62)
    found = json.loads(await lite.zai("quota", "--json"))

    first = found["windows"][0]
    assert {"name": "5h", "source": "reported"}.items() <= first.items()
    assert round(first["used_percent"]) == 62
    assert first["resets_at"] > 1_700_000_000
    assert found["level"] == "lite"
    assert found["trouble"] is None


# -- the page ---------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def page(desk):
    """`zai-ls quota --serve`: its address."""
    process = await desk.start("quota", "--serve")
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+/\S+/", line)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def get(address, **headers):
    """Status, headers and body."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


async def test_the_page_needs_its_address_and_nothing_from_elsewhere(lite):
    """A token that is wrong, another host's name, a path outside: not found. No key, and no address of others, in anything."""
    fill(lite, 62)
    async with page(lite) as address:
        status, headers, body = await asyncio.to_thread(get, address)
        assert status == 200
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        text = body.decode()
        assert not re.findall(r"https?://", text)
        names = re.findall(r'(?:src|href)="([^"#:]+)"', text)
        assert {"page.js", "page.css", "uplot.js", "uplot.css"} <= set(names)
        for name in names:
            assert (await asyncio.to_thread(get, address + name))[0] == 200
        status, _, body = await asyncio.to_thread(get, address + "data.json")
        data = json.loads(body)
        assert round(data["windows"][0]["used_percent"]) == 62
        assert set(data["usage"]) == {"5h", "24h", "7d"}
        assert lite.emulator.key not in body.decode()

        root = address[: address.rindex("/", 0, -1) + 1]
        for wrong in (
            root,
            root + "x/",
            root + "x/data.json",
            address + "../data.json",
            address + "%2e%2e/serve.py",
            address + "nothing.js",
        ):
            assert (await asyncio.to_thread(get, wrong))[0] == 404, wrong
        assert (await asyncio.to_thread(get, address, Host="evil.example"))[0] == 400
        own = root[: root.index("/", len("http://"))]
        for from_elsewhere in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": own + "0"},
            {"Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": own, "Sec-Fetch-Site": "cross-site"},
        ):
            for place in (address, address + "data.json"):
                status, headers, body = await asyncio.to_thread(get, place, **from_elsewhere)
                assert status == 403, from_elsewhere
                assert not any(name.lower().startswith("access-control") for name in headers)
                assert b"used_percent" not in body
        for own_site in (
            {"Origin": own},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "same-origin", "Origin": own},
        ):
            status, headers, _ = await asyncio.to_thread(get, address + "data.json", **own_site)
            assert status == 200, own_site
            assert not any(name.lower().startswith("access-control") for name in headers)


async def test_the_page_listens_on_this_machine_alone_and_tells_nobody_its_address(lite):
    """Bound to loopback; the token is in the one line that is printed, and in no log of what was asked or refused."""
    process = await lite.start("quota", "--serve", "--debug")
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    (address, port, token) = re.findall(r"(http://127\.0\.0\.1:(\d+)/(\S+)/)", line)[0]
    for place in (address, address + "nothing", address[:-2] + "x/"):
        await asyncio.to_thread(get, place)
    assert b"access-control" not in b"".join(
        f"{k}: {v}".lower().encode() for k, v in (await asyncio.to_thread(get, address))[1].items()
    )
    if sys.platform == "linux":
        sockets = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = {
            row[1] for row in sockets if row[3] == "0A" and int(row[1].split(":")[1], 16) == int(port)
        }
        assert listening == {f"0100007F:{int(port):04X}"}
    process.terminate()
    out, err = await process.communicate()
    assert token.encode() not in out + err
