"""The whole path with a real language model: two editors, one slot, and a model too small to be trusted.

It writes nonsense as often as code. What it writes must land, or be kept, or be declined in words; never break the file.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from tests.e2e.clients import Window, environment, text, until
from tests.model.local_model import serving
from tests.unit.core.marked import end_point
from zai_ls.core.syntax import Syntax
from zai_ls.domain import Point, Range

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

SOURCE = "def add(a, b):\n    result = a + b\n    return result\n"
INSIDE = Range(Point(1, 4), Point(1, 4))
PATIENCE_S = 240.0
"""Prompts are read at some 60 tokens a second, and each reply may be asked for twice."""
CONFIG = "[limits]\ncontextTokens = 256\n\n[timeouts]\nfirstByte = 200\nidle = 200\n"


def count_of(base_url):
    """What the model's own server has counted."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    try:
        connection.request("GET", "/count")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@asynccontextmanager
async def windows(tmp_path, base_url, count):
    """*count* editors, each with its own server process and a file of its own."""
    (tmp_path / "config.toml").write_text(CONFIG)
    env = environment(tmp_path, base_url, "any-key")
    opened = []
    try:
        for number in range(count):
            window = Window(name=f"window-{number}")
            await window.start(env=env, root_uri=tmp_path.as_uri())
            uri = (tmp_path / f"sums_{number}.py").as_uri()
            window.open(uri, "python", SOURCE)
            opened.append((window, uri))
        yield opened
        for window, _ in opened:
            assert await window.stop() == 0
    finally:
        for window, _ in opened:
            if not window.ended:
                window.kill()
                await window.wait()


def outcome(window, uri):
    """What became of an action: applied, or told in one sentence."""
    if window.applied:
        assert text(window, uri) != SOURCE
        assert Syntax().is_sound(text(window, uri), "python")
        assert window.told == []
        window.undo(uri)
        assert text(window, uri) == SOURCE
        return "applied"
    assert text(window, uri) == SOURCE
    (told,) = window.told
    return told


async def test_two_editors_share_a_real_model(tmp_path):
    """Two actions at once, an explanation, and a cancelled request: never two in flight, and everybody gets an answer."""
    async with serving() as base_url, windows(tmp_path, base_url, 2) as ((one, one_uri), (two, two_uri)):
        await one.pick(one_uri, INSIDE, "Document add")
        await two.pick(two_uri, INSIDE, "Simplify add")
        await asyncio.gather(*(w.until(lambda w=w: w.ends == 1, PATIENCE_S) for w in (one, two)))
        outcomes = [outcome(one, one_uri), outcome(two, two_uri)]
        assert all(outcomes), outcomes

        await one.pick(one_uri, INSIDE, "Explain add")
        await one.until(lambda: one.ends == 2, PATIENCE_S)
        assert len(one.shown) == 1

        before = count_of(base_url)
        run_id = await two.pick(two_uri, INSIDE, "Optimise add")
        await two.until(lambda: len(two.progress) == 2 and "writing" in str(two.values[-1]), PATIENCE_S)
        await one.pick(one_uri, INSIDE, "Explain add")
        await two.request(
            "workspace/executeCommand", {"command": "zai.cancel", "arguments": [{"id": run_id}]}
        )
        await two.until(lambda: two.ends == 2, PATIENCE_S)
        await one.until(lambda: one.ends == 3, PATIENCE_S)
        assert len(one.shown) == 2

        after = count_of(base_url)
        assert after["served"] == before["served"] + 1
        assert after["aborted"] == before["aborted"] + 1
        assert (after["mostInFlight"], after["refused"], after["inFlight"]) == (1, 0, 0)
        assert text(two, two_uri) == SOURCE


PLACES = [
    ("python", "# adds two numbers\ndef add(a, b):\n    ⎸\n"),
    ("python", "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    return add(a, ⎸\n"),
    ("groovy", "def a = 1;\ndef b = ⎸\n"),
]
"""A block is to come, the rest of a line, and something in a language whose grammar we do not have."""


async def test_two_editors_complete_with_a_real_model(tmp_path):
    """Whatever it writes, the answer is a list, and what is inserted leaves the file as sound as it was.

    Two processes wish at once and are served one after the other; the same wish again sends nothing, once it is known
    that there is nothing.
    """
    async with serving() as base_url, windows(tmp_path, base_url, 2) as opened:
        for number, (language, marked) in enumerate(PLACES):
            source, at = marked.replace("⎸", ""), end_point(marked.partition("⎸")[0])
            uri = (tmp_path / f"place_{number}").as_uri()
            for window, _ in opened:
                window.open(uri, language, source)
            wishes = [window.wish(uri, (at.line, at.column))[1] for window, _ in opened]
            async with asyncio.timeout(PATIENCE_S):
                lists = [(await wish)["items"] for wish in wishes]
            for which, (window, _) in enumerate(opened):
                if not lists[which]:
                    # What it said may have been hidden behind the stop word: it is asked once more, in another way.
                    wish = window.wish(uri, (at.line, at.column), automatic=True)[1]
                    async with asyncio.timeout(PATIENCE_S):
                        lists[which] = (await wish)["items"]
            # An answer that is enough is there before its stream is closed.
            before = await until(lambda: (count := count_of(base_url))["inFlight"] == 0 and count, PATIENCE_S)
            assert (before["mostInFlight"], before["refused"]) == (1, 0)
            for (window, _), items in zip(opened, lists, strict=True):
                assert len(items) <= 1
                # A guess at the same place takes what is known, also that there was nothing to say.
                again = (await window.wish(uri, (at.line, at.column), automatic=True)[1])["items"]
                assert [item["insertText"] for item in again] == [item["insertText"] for item in items]
                for item in items:
                    assert item["insertText"].strip()
                    await window.take(uri, (at.line, at.column), item)
                    assert text(window, uri) == marked.replace("⎸", item["insertText"])
                    assert not Syntax().is_sound(source, language) or Syntax().is_sound(
                        text(window, uri), language
                    )
            assert count_of(base_url) == before
        assert (
            len(PLACES) * len(opened) <= before["served"] + before["aborted"] <= 2 * len(PLACES) * len(opened)
        )
        for window, _ in opened:
            assert window.told == []
