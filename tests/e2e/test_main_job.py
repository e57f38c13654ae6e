"""The main job between real server processes and an emulated service: what a person sees, whatever happens in between."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.e2e.clients import a_desk, until
from zai_ls.cli.demo.editor import FULL_CAPABILITIES, RequestFailed
from zai_ls.domain import Point, Range

SOURCE = '''\
"""Prices, in é and 🎉."""

import os


def total(prices, rate):
    result = 0
    for price in prices:
        result = result + price * rate
    return result


def label(name):
    return "é🎉" + name
'''
TOTAL = Range(Point(5, 0), Point(9, 17))
"""All lines of `total`."""
INSIDE_TOTAL = Range(Point(7, 4), Point(7, 4))
BETTER = "def total(prices, rate):\n    return sum(price * rate for price in prices)"
SIMPLIFIED = SOURCE.replace(
    "    result = 0\n    for price in prices:\n        result = result + price * rate\n    return result\n",
    "    return sum(price * rate for price in prices)\n",
)


def fenced(code, language="python"):
    return f"```{language}\n{code}\n```"


def text(window, uri):
    return window.documents[uri].text


async def landed(window, uri, expected, original):
    """The text is *expected*, it came as one edit, and one undo gives *original* back."""
    await window.done()
    assert text(window, uri) == expected
    assert len(window.applied) == 1
    window.undo(uri)
    assert text(window, uri) == original
    assert window.told == []


async def test_an_action_goes_from_the_menu_into_the_file(desk):
    """The enclosing function is simplified; progress names a model; one undo takes it back; a clean end."""
    desk.emulator.reply(fenced(BETTER))
    window, uri = await desk.open(SOURCE)
    assert await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await landed(window, uri, SIMPLIFIED, SOURCE)
    ((begin, *reports, end),) = window.progress.values()
    assert (begin["kind"], begin["cancellable"], end["kind"]) == ("begin", True, "end")
    assert any("glm" in str(report.get("message")) for report in [begin, *reports])
    assert await window.stop() == 0


async def test_two_windows_take_turns(desk):
    """Three actions from each of two windows at once: all are applied, never two in flight."""
    desk.emulator.service.config = desk.emulator.config
    windows = await asyncio.gather(*(desk.open(SOURCE, f"{n}.py") for n in range(2)))
    for window, uri in windows:
        for name in ("Simplify", "Document", "Add types"):
            await window.pick(uri, INSIDE_TOTAL, name)
    for window, _ in windows:
        await window.done(3)
    record = desk.emulator.record
    assert len(record.chats) >= 6
    assert (record.most_in_flight, record.most_at_once, record.overlaps) == (1, 1, [])
    for window, uri in windows:
        assert "# emulated: simplify" in text(window, uri)
        assert await window.stop() == 0
