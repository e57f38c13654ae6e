"""An editor that says `applied: true` while it applied nothing is found out, and nothing lands on the wrong lines."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.clients import BETTER, INSIDE_TOTAL, SIMPLIFIED, SOURCE, fenced, text
from tests.e2e.neovim.editor import Neovim

TYPED = "import re  # é🎉\n"


@pytest.mark.parametrize("touched_before", [False, True])
async def test_an_edit_that_crosses_with_typing(desk, touched_before):
    """The change that was held back comes after the lie: the answer is moved, lands once, and one undo takes it back."""
    neovim, uri = await desk.open(SOURCE, kind=Neovim)
    if touched_before:
        neovim.change(uri, (0, 3), (0, 4), "P")

    def typing(_):
        neovim.type(uri, (2, 0), (2, 0), TYPED)
        asyncio.get_running_loop().call_later(0.15, neovim.pause)

    neovim.before_apply = typing
    desk.emulator.reply(fenced(BETTER))
    await neovim.pick(uri, INSIDE_TOTAL, "Simplify total")
    await neovim.done()
    assert text(neovim, uri) == SIMPLIFIED.replace("import os", TYPED + "import os")
    assert (neovim.ignored, len(neovim.applied), neovim.told) == (1, 1, [])
    neovim.undo(uri)
    assert text(neovim, uri) == SOURCE.replace("import os", TYPED + "import os")


async def test_an_edit_that_crosses_with_a_change_of_its_lines(desk):
    """Nothing is applied, whatever the editor says; the person is told and keeps the answer."""
    neovim, uri = await desk.open(SOURCE, kind=Neovim)

    def typing(_):
        neovim.type(uri, (7, 0), (8, 0), "    for each in sorted(prices):\n")
        asyncio.get_running_loop().call_later(0.15, neovim.pause)

    neovim.before_apply = typing
    desk.emulator.reply(fenced(BETTER))
    await neovim.pick(uri, INSIDE_TOTAL, "Simplify total")
    await neovim.read("You changed the same lines of prices.py")
    await neovim.done()
    assert text(neovim, uri) == SOURCE.replace("for price in prices:", "for each in sorted(prices):")
    assert (neovim.ignored, neovim.applied, len(neovim.told)) == (1, [], 1)
    assert "sum(price * rate" in desk.kept()[0].text
