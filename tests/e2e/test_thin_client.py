"""What the server does for clients that show more than the protocol has: VS Code's, and whoever else wants to."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from tests.e2e.clients import (
    BETTER,
    INSIDE_TOTAL,
    SIMPLIFIED,
    SOURCE,
    Watching,
    a_desk,
    capabilities,
    fenced,
    text,
)
from tests.e2e.test_quota import fill

pytestmark = pytest.mark.timeout(60)

OPTIONS = {"status": True, "quotaMessages": True, "asksForKey": True}
NONCE = "0123456789abcdef"


@pytest.fixture
async def lite(tmp_path):
    """A desk with a plan that has windows."""
    async with a_desk(tmp_path, plan="lite") as desk:
        desk.configure('plan = "lite"\n')
        yield desk


async def test_news_of_the_quota_come_beside_the_status_line(lite):
    """For a client that asks for both; a bar stands before each window that is known."""
    fill(lite, 85)
    window = await lite.window(Watching, OPTIONS)
    status = await window.status_of_which(lambda s: s["windows"] and s["windows"][0]["source"] == "reported")

    await window.read("85 % of the 5-hour quota is used")
    assert "`██████████░░` 5-hour quota: 85 % used" in status["tooltip"]


@pytest.mark.parametrize(("options", "told"), [(OPTIONS, False), ({"status": True}, True), ({}, True)])
async def test_a_client_that_asks_for_the_key_is_not_told_of_it(tmp_path, options, told):
    """Its status says that a key is needed; to all others a message says so."""
    async with a_desk(tmp_path, key=False) as desk:
        window = await desk.window(Watching, options)
        if told:
            await window.read("API key")
        if "status" in options:
            status = await window.status_of_which(lambda s: s["needs"] == "key")
            assert status["state"] == "problem"
            await window.command("zai.showQuota")
            await window.until(
                lambda: len(window.told) == 1 + told
            )  # what was to be said at the start has been said before
        assert sum("API key" in each for each in window.told) == told + ("status" in options)


async def test_what_can_be_chosen_is_what_the_plan_has(lite):
    """And what is chosen: the editor's own setting, and nothing once that is gone."""
    window = await lite.window(Watching, OPTIONS)
    answer = await window.command("zai.models")
    names = [each["name"] for each in answer["models"]]
    assert {"glm-4.7", "glm-4.5-air"} <= set(names)
    assert "glm-5.1" not in names, "not for this plan"
    assert "tokens" in answer["models"][0]["note"]
    assert answer["chosen"] == ""

    window.configuration = {"model": "glm-4.7"}
    window.notify("workspace/didChangeConfiguration", {"settings": None})
    async with asyncio.timeout(20):
        while (await window.command("zai.models"))["chosen"] != "glm-4.7":
            pass


async def test_the_quota_page_for_a_panel_asks_for_nothing(lite):
    """All that runs carries the client's nonce, the policy is the client's, and the parts are the page's own."""
    fill(lite, 62)
    window = await lite.window(Watching, OPTIONS)
    page = await window.command(
        "zai.quotaPage", {"part": "page", "nonce": NONCE, "policy": "default-src 'none'"}
    )
    html = page["html"]
    assert """content="default-src &#x27;none&#x27;">""" in html
    assert not re.findall(r'(?:src|href)="(?!#|data:)', html)
    assert (
        len(re.findall(r"<(?:script|style)\b", html))
        == len(re.findall(f'<(?:script|style) nonce="{NONCE}">', html))
        == 4
    )
    assert html.rindex("<main>") < html.index("<script")

    data = await window.command("zai.quotaPage", {"part": "data"})
    assert round(data["windows"][0]["used_percent"]) == 62
    assert (await window.command("zai.quotaPage", {"part": "words"}))["windows"]
    with pytest.raises(Exception, match="page, words or data"):
        await window.command("zai.quotaPage", {"part": "../serve.py"})


async def test_a_nonce_that_is_none_runs_nothing(lite):
    """Rather than what was not meant to run."""
    window = await lite.window(Watching, OPTIONS)
    page = await window.command("zai.quotaPage", {"part": "page", "nonce": '"><script>', "policy": ""})
    assert '"><script>' not in page["html"]
    assert '<script nonce="">' in page["html"]


async def test_an_edit_is_shown_before_it_is_made_where_a_person_wants_that(tmp_path):
    """With the setting on, in an editor that can; the person says no: the text stays, and the answer is kept."""
    async with a_desk(tmp_path) as desk:
        desk.configure("[edits]\npreview = true\n")
        window = await desk.window(Watching, OPTIONS, capabilities=capabilities("vscode-1.100"))
        uri = desk.file("prices.py", SOURCE)
        window.open(uri, "python", SOURCE)
        desk.emulator.reply(fenced(BETTER))
        asked = []

        def says_no(params):
            asked.append(params["edit"])
            return {"applied": False}

        window.before_apply = says_no
        await window.pick(uri, INSIDE_TOTAL, "Simplify")
        await window.read("was not applied")
        (edit,) = asked
        assert [each["needsConfirmation"] for each in edit["changeAnnotations"].values()] == [True]
        assert text(window, uri) == SOURCE
        assert [kept.reason for kept in desk.kept()] == ["discarded"]

        window.before_apply = None
        desk.emulator.reply(fenced(BETTER))
        await window.pick(uri, INSIDE_TOTAL, "Simplify")
        await window.until(lambda: text(window, uri) == SIMPLIFIED)


async def test_each_folder_of_a_workspace_tightens_and_names_its_files(tmp_path):
    """Several folders, one server: what one of them forbids holds, and a path is told as its own folder sees it."""
    async with a_desk(tmp_path) as desk:
        second = tmp_path / "second"
        (second / "src").mkdir(parents=True)
        (second / ".zai.toml").write_text('languages.off = ["ruby"]\n')
        window = await desk.window(Watching, OPTIONS)
        added = {"added": [{"uri": second.as_uri(), "name": "second"}], "removed": []}
        window.notify("workspace/didChangeWorkspaceFolders", {"event": added})
        (second / "src" / "prices.py").write_text(SOURCE)
        uri = (second / "src" / "prices.py").as_uri()
        window.open(uri, "python", SOURCE)
        place = {"line": 7, "character": 4}
        await window.command(
            "zai.showPrompt", {"action": "simplify", "uri": uri, "range": {"start": place, "end": place}}
        )
        await window.until(lambda: window.shown)
        shown = Path(url2pathname(urlsplit(window.shown[-1]).path))
        assert shown.suffix == ".txt", "each letter counts"
        asked = shown.read_text()
        assert "src/prices.py" in asked
        assert str(second) not in asked

        window.open((second / "a.rb").as_uri(), "ruby", "def a\n  1\nend\n")
        menu = await window.code_actions((second / "a.rb").as_uri(), INSIDE_TOTAL)
        assert menu
        assert all("switched off for ruby" in action["disabled"]["reason"] for action in menu)
