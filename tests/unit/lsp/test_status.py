"""The status line: each status once, the latest soon, and never many at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clock import TurnedClock, settle
from tests.unit.lsp.peer import PlayedPeer
from zai_ls.assistant.ports import Cooldown, Status, WindowStatus
from zai_ls.lsp.status import StatusLine

READY, BUSY, OFF = Status("ready", "GLM"), Status("busy", "GLM …"), Status("off", "GLM off", "Why.")


class Line:
    def __init__(self, wanted=True):
        self.clock, self.peer, self.wanted = TurnedClock(), PlayedPeer(), wanted
        self.line = StatusLine(self.peer, self.clock, lambda: self.wanted)

    @property
    def told(self):
        return [params["state"] for _, params in self.peer.told]


async def test_a_status_is_told_at_once_with_all_it_says():
    """And with the version of its shape."""
    s = Line()
    window = WindowStatus("5h", 40.0, None, "reported")
    s.line.show(replace(OFF, windows=(window,), cooldown=Cooldown(9.0, "Because.")))
    await settle()

    assert s.peer.told == [
        (
            "zai/status",
            {
                "version": 1,
                "state": "off",
                "text": "GLM off",
                "detail": "Why.",
                "tooltip": "",
                "severity": "none",
                "windows": [
                    {
                        "name": "5h",
                        "usedPercent": 40.0,
                        "resetsAt": None,
                        "source": "reported",
                        "endsAt": None,
                    }
                ],
                "forecast": "",
                "model": "",
                "place": None,
                "cooldown": {"until": 9.0, "reason": "Because.", "model": "", "lane": ""},
                "lastDecline": "",
                "needs": "",
            },
        )
    ]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ([READY, READY], ["ready"]),
        ([READY, BUSY], ["busy"]),
        ([READY, None, BUSY, READY], ["ready"]),
        ([READY, None, BUSY, None, READY], ["ready"]),
        ([READY, None, BUSY, OFF], ["ready", "off"]),
        ([READY, 0.3, READY], ["ready"]),
        ([READY, 0.3, BUSY], ["ready", "busy"]),
        ([READY, 0.3, BUSY, 0.3, READY], ["ready", "busy", "ready"]),
    ],
    ids=lambda value: " ".join(getattr(one, "state", str(one)) for one in value),
)
async def test_each_status_once_and_of_several_the_last(shown, told):
    """What was replaced before it could be told is not told; None lets others run, a number lets time pass."""
    s = Line()
    for status in shown:
        if isinstance(status, Status):
            s.line.show(status)
        elif status is None:
            await settle()
        else:
            await s.clock.turn(status)
    await s.clock.turn(1)

    assert s.told == told


async def test_a_storm_is_four_a_second():
    """Whatever happens in between; the last one is told in the end."""
    s = Line()
    for number in range(1_000):
        s.line.show(BUSY if number % 2 else Status("ready", str(number)))
        await s.clock.turn(0.01)
    s.line.show(OFF)
    await s.clock.turn(1)

    assert 30 <= len(s.told) <= 42
    assert s.told[-1] == "off"
    assert s.clock.sleeping == 0


async def test_who_does_not_want_it_is_told_nothing():
    """And from the moment it is wanted, what comes then."""
    s = Line(wanted=False)
    s.line.show(READY)
    await s.clock.turn(1)
    assert s.told == []
    s.wanted = True
    s.line.show(BUSY)
    await s.clock.turn(1)
    assert s.told == ["busy"]


async def test_after_the_end_nothing_is_told():
    """Also what was about to be."""
    s = Line()
    s.line.show(READY)
    await settle()
    s.line.show(BUSY)
    s.line.stop()
    await s.clock.turn(1)

    assert s.told == ["ready"]
    StatusLine(s.peer, s.clock, lambda: True).stop()
