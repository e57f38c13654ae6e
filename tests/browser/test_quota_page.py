"""The quota page in a real browser: drawn in light and dark, wide and narrow, used with the keys alone."""

from __future__ import annotations

import time

import pytest

from tests.browser.chromium import chromium
from tests.e2e.clients import a_desk
from tests.e2e.test_quota import fill, page
from zai_ls.clock import SystemClock
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.ledger import Ledger, Reservation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LUMINANCE = """(colour => { const [r, g, b] = colour.match(/[0-9.]+/g).map(Number); return 0.2126 * r + 0.7152 * g + 0.0722 * b; })"""


class Past(SystemClock):
    """The clock of requests that were sent before."""

    def __init__(self) -> None:
        self.ago = 0.0

    def now(self) -> float:
        return time.time() - self.ago


def spend(desk) -> None:
    """A week of requests in the ledger, the last ones just now, and one that was refused."""
    clock = Past()
    database = Database(prepare(desk.folder / "state"))
    ledger = Ledger(database, clock)
    label = desk.label
    for at in range(160):
        clock.ago = 7 * 86_400 * (1 - at / 160) ** 2
        lane, model = ((Lane.TYPING, "glm-4.5-air"), (Lane.ACTION, "glm-4.7"), (Lane.ACTION, "glm-5"))[at % 3]
        number = ledger.reserve(
            Reservation(label, lane, model, Usage(900, 0, 80), 2.0 + at % 7), lambda _: Go()
        )
        clock.ago -= 1
        ledger.settle(number, Usage(900, 0, 80), "complete", credits=2.0 + at % 7)
    clock.ago = 60
    number = ledger.reserve(Reservation(label, Lane.ACTION, "glm-5", Usage(900, 0, 80), 2.0), lambda _: Go())
    ledger.settle(number, None, "refused", error_code="1305")
    database.close()


@pytest.fixture
async def desk(tmp_path):
    async with a_desk(tmp_path, plan="lite") as desk:
        desk.configure('plan = "lite"\naccount = "acme"\n')
        desk.label = "acme"
        spend(desk)
        fill(desk, 62)
        fill(desk, 83, "week")
        yield desk


@pytest.mark.parametrize(("width", "dark"), [(1000, False), (1000, True), (400, False), (400, True)])
async def test_the_page(desk, width, dark):
    """Windows, usage and refusals are there, nothing is cut off or asked for elsewhere, and the keys reach everything."""
    async with page(desk) as address, chromium() as tab:
        await tab.look(width, 900, dark=dark)
        await tab.open(address)
        await tab.until("document.body?.dataset.drawn")
        await tab.until("document.querySelectorAll('#windows li').length === 2")
        await tab.until("document.querySelectorAll('canvas').length === 2")

        text = await tab.value("document.body.innerText")
        for words in ("5-hour quota", "62 % used", "83 % used", "glm-5 · action", "1305", "5 hours"):
            assert words in text, text
        assert await tab.value("document.documentElement.scrollWidth") <= width, (
            "nothing is cut off at the side"
        )
        ground, ink = [
            await tab.value(f"{LUMINANCE}(getComputedStyle(document.body).{what})")
            for what in ("backgroundColor", "color")
        ]
        assert (ground < 60 < 180 < ink) if dark else (ink < 60 < 180 < ground)
        drawn = await tab.value(
            "Array.from(document.querySelectorAll('canvas')).every(c => c.width > 100 && "
            "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v))"
        )
        assert drawn
        assert await tab.value("document.querySelector('#bars').getAttribute('aria-label')")

        before = await tab.value("document.querySelector('#sums').innerText")
        for _ in range(12):
            await tab.press("Tab", 9)
            if await tab.value("document.activeElement.dataset.span === '7d'"):
                break
        assert await tab.value("document.activeElement.dataset.span") == "7d"
        assert await tab.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
        await tab.press("Enter", 13, "\r")
        await tab.until(
            "document.querySelector('[data-span=\"7d\"]').getAttribute('aria-pressed') === 'true'"
        )
        assert await tab.value("document.querySelector('#sums').innerText") != before

        picture = await tab.picture(f"quota-{width}-{'dark' if dark else 'light'}")
        assert picture.stat().st_size > 10_000
        assert tab.problems == []
        assert all(url.startswith((address, "data:")) for url in tab.requests), tab.requests


async def test_it_goes_on_by_itself_and_says_when_it_cannot(desk):
    """New numbers appear without a reload; when zai-ls has ended, the page says so."""
    async with chromium() as tab:
        async with page(desk) as address:
            await tab.look(800, 900, dark=False)
            await tab.open(address)
            first = await tab.until("document.body?.dataset.drawn")
            await tab.until(f"document.body?.dataset.drawn !== {first!r}")
        await tab.until("document.querySelector('#state').className === 'lost'")
        assert "does not answer" in await tab.value("document.querySelector('#state').innerText")
