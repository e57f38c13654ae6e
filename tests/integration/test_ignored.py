"""A file that is ignored is left alone, whole or as context, and no edit goes beyond what an action said."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.git import git
from tests.integration.stories import LIGHT, Watch, fenced, lines, story
from tests.integration.writing import writing
from zai_ls.assistant.fence import Barred, Fence, Fenced
from zai_ls.core.offers import APPLY_KEPT
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Declined, Edit, Edits, FileChange, Kept, Lane, Point, Range

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "def f(x):\n    return not not x\n"
AFTER = "def f(x):\n    return bool(x)\n"
REPLY = fenced(AFTER, "python")
TESTS = fenced("def test_f():\n    assert f(1)\n", "python")
SECRET = "KEY = 'hidden'\n"
F = lines(1, 3)


def by_gitignore(work: Path) -> str:
    git(work, "init", "--quiet")
    (work / ".gitignore").write_text("\n/lib/*.py\n")
    return f"`/lib/*.py`, line 2 of {work}/.gitignore, excludes it. Your own setting zai.ignore.allow"


def by_zaiignore(work: Path) -> str:
    (work / "lib" / ".zaiignore").write_text("a.*\n")
    return f"`a.*`, line 1 of {work}/lib/.zaiignore, excludes it."


def by_link(work: Path) -> str:
    (work / "other").mkdir()
    (work / "other" / ".env").touch()
    (work / "lib" / "a.py").symlink_to("../other/.env")
    return f"a.py leads to {work}/other/.env. zai-ls leaves .env alone"


def by_a_list_that_cannot_be_read(work: Path) -> str:
    (work / ".zaiignore").write_text("#" * (1 << 20))
    return f"{work}/.zaiignore cannot be read (larger than 256 KB,"


WAYS = (by_gitignore, by_zaiignore, by_link, by_a_list_that_cannot_be_read)


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_offered_sent_or_done(way, tmp_path):
    """All actions are there and say why they are disabled; who runs one all the same reads the same."""
    async with story(tmp_path) as s:
        (s.desk.folder / "lib").mkdir()
        words = way(s.desk.folder)
        s.desk.open("lib/a.py", BEFORE)

        offers = s.offers("lib/a.py", F)
        assert offers
        assert all(words in (offer.disabled or "") for offer in offers.values())
        for action in ("simplify", "explain", "test"):
            outcome = await s.run(action, "lib/a.py", F)
            assert isinstance(outcome, Declined)
            assert outcome.reason == "ignored"
            assert words in outcome.text
            assert s.said == outcome.text
        assert [] == s.requests
        s.check_at_rest()


@pytest.mark.parametrize("way", WAYS)
async def test_no_completion_either_and_explain_says_why(way, tmp_path):
    """Also when a person asks."""
    async with writing(tmp_path) as w:
        (w.story.desk.folder / "lib").mkdir()
        words = way(w.story.desk.folder)
        w.open("def f(x):\n    ⎸\n", "lib/a.py")
        for invoked in (False, True):
            assert await w.complete(invoked=invoked) == "no: ignored"
            assert words in w.completer.last.lines[0]
        assert w.requests == 0


async def test_a_buffer_that_was_never_saved_is_judged_by_its_name(tmp_path):
    """Its URI has it, with whatever the editor puts around it."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        snapshot = s.desk.read(s.desk.uri("a.py"))
        for uri, ignored in (
            ("untitled:Untitled-1", False),
            ("untitled:.env.local", True),
            ("untitled:/home/me/.aws/credentials", True),
            ("git:/home/me/%2Eenv?ref=HEAD", True),
            ("vscode-notebook-cell:/home/me/a.ipynb#W0s", False),
            ("odd://[", False),
            ("file://host/home/me/.ssh/config", True),
            ("file://host/home/me/a.py", False),
        ):
            there = replace(snapshot, uri=uri, path=None)
            offers = s.assistant.offers(there, F)
            assert offers
            assert all((offer.disabled is not None) is ignored for offer in offers), uri


async def test_no_other_file_that_is_ignored_is_shown(tmp_path):
    """Neither similar code of it nor what was changed in it lately."""
    async with writing(tmp_path) as w:
        (w.story.desk.folder / ".zaiignore").write_text("kept*\n")
        w.open("prices = 'total of prices'\n", "kept.py")
        w.change("total of", "hidden total of")
        w.open("prices = 'plain prices'\n", "other.py")
        w.open("def total(prices):\n    ⎸\n")
        w.story.reply("pass")
        await w.complete()
        assert "plain prices" in w.prompt()
        assert "kept" not in w.prompt()
        assert "hidden" not in w.prompt()


@pytest.mark.parametrize("named", ["test_a.py", "tests/"])
async def test_tests_that_are_ignored_are_neither_read_nor_written(named, tmp_path):
    """Where they would be added; the sentence names both files and the rule."""
    async with story(tmp_path) as s:
        (s.desk.folder / ".zaiignore").write_text(f"{named}\n")
        place = s.desk.folder / ("test_a.py" if named == "test_a.py" else "tests/test_a.py")
        place.parent.mkdir(exist_ok=True)
        place.write_text(SECRET)
        s.desk.open("a.py", BEFORE)

        outcome = await s.run("test", "a.py", F)

        assert isinstance(outcome, Declined)
        assert outcome.reason == "tests_ignored"
        assert "test_a.py" in outcome.text
        assert f"`{named}`, line 1" in outcome.text
        assert [] == s.requests
        assert place.read_text() == SECRET


# -- rules that come while a request is under way -----------------------------------------------------------------


async def test_what_is_ignored_since_it_waits_in_line_is_not_sent(tmp_path):
    """The person has seen what they have done and quickly written a rule."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        other = await s.kit.slot.hold(Ticket("other", "test", Lane.ACTION, LIGHT))

        def moved_on() -> None:
            (s.desk.folder / ".zaiignore").write_text("a.py\n")
            other.release(clean=True)

        s.watch = Watch("waiting", moved_on)
        outcome = await s.run("simplify", "a.py", F)
        assert isinstance(outcome, Declined)
        assert outcome.reason == "ignored"
        assert [] == s.requests
        s.check_at_rest()


# -- the landing --------------------------------------------------------------------------------------------------


def rule_for_the_document(work: Path) -> None:
    (work / ".zaiignore").write_text("a.py\n")


def rule_for_the_tests(work: Path) -> None:
    (work / ".zaiignore").write_text("test_a.py\n")


def link_in_place_of_the_document(work: Path) -> None:
    (work.parent / "far.py").write_text(BEFORE)
    (work / "a.py").unlink()
    (work / "a.py").symlink_to(work.parent / "far.py")


def link_in_place_of_the_tests(work: Path) -> None:
    (work.parent / "far.py").write_text(SECRET)
    (work / "test_a.py").symlink_to(work.parent / "far.py")


def link_to_nothing_in_place_of_the_tests(work: Path) -> None:
    (work / "test_a.py").symlink_to(work.parent / "none.py")


def link_in_place_of_the_folder(work: Path) -> None:
    (work.parent / "far").mkdir()
    (work / "tests").rmdir()
    (work / "tests").symlink_to(work.parent / "far")


def pipe_in_place_of_the_tests(work: Path) -> None:
    os.mkfifo(work / "test_a.py")


@pytest.mark.parametrize(
    ("action", "meanwhile", "words"),
    [
        ("simplify", rule_for_the_document, "zai-ls leaves a.py alone: `a.py`"),
        ("simplify", link_in_place_of_the_document, "a.py leads out of its folder"),
        ("test", rule_for_the_tests, "zai-ls leaves test_a.py alone"),
        ("test", link_in_place_of_the_tests, "test_a.py is a link now"),
        ("test", link_to_nothing_in_place_of_the_tests, "test_a.py is a link now"),
        ("test", link_in_place_of_the_folder, "test_a.py leads out of its folder"),
        ("test", pipe_in_place_of_the_tests, "test_a.py is no ordinary file"),
    ],
)
async def test_what_is_put_there_while_the_model_writes_is_not_written_through(
    action, meanwhile, words, tmp_path
):
    """The look before the request is long ago; the answer is kept."""
    async with story(tmp_path) as s:
        work = s.desk.folder
        (work / "a.py").write_text(BEFORE)
        if meanwhile is link_in_place_of_the_folder:
            (work / "tests").mkdir()
        s.desk.open("a.py", BEFORE)
        s.reply(TESTS if action == "test" else REPLY)
        s.heard.meanwhile.append(lambda: meanwhile(work))

        # A pipe would be waited for by this desk, which reads what it is told to.
        read_file = s.desk.read_file
        s.desk.read_file = lambda uri: None if uri.endswith("test_a.py") else read_file(uri)
        outcome = await s.run(action, "a.py", F)

        assert isinstance(outcome, Kept)
        assert outcome.reason == "barred"
        assert words in outcome.text
        assert outcome.answer_id in outcome.text
        assert [] == s.desk.applied
        assert s.desk.text("a.py") == BEFORE
        assert not (tmp_path / "none.py").exists()
        assert not list((tmp_path / "far").glob("*"))
        s.check_at_rest()


async def test_a_kept_answer_is_not_applied_to_what_is_ignored_by_now(tmp_path):
    """It is offered on the text as it was, disabled with the reason."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        s.reply(fenced("def f(x:\n    return (\n", "python"), fenced("def f(x:\n    return (\n", "python"))
        assert isinstance(await s.run("simplify", "a.py", F), Kept)
        offer = s.offers("a.py", F)[APPLY_KEPT]
        rule_for_the_document(s.desk.folder)
        outcome = await s.take(offer, "a.py")
        assert isinstance(outcome, Declined)
        assert "leaves a.py alone" in outcome.text
        assert [] == s.desk.applied
        (s.desk.folder / ".zaiignore").unlink()
        assert isinstance(await s.take(offer, "a.py"), Edits)


@pytest.mark.parametrize("action", ["simplify", "test", "fix"])
async def test_a_document_that_leads_out_of_its_folder_is_not_changed(action, tmp_path):
    """A link in a project to somewhere else; within the folder it is the person's own affair. It can be explained."""
    async with story(tmp_path) as s:
        work = s.desk.folder
        (tmp_path / "far.py").write_text(BEFORE)
        (work / "near.py").write_text(BEFORE)
        (work / "a.py").symlink_to(tmp_path / "far.py")
        (work / "b.py").symlink_to("near.py")
        for name in ("a.py", "b.py"):
            s.desk.open(name, BEFORE)
        outcome = await s.run(action, "a.py", F)
        assert isinstance(outcome, Declined)
        assert outcome.reason == "leads_outside"
        assert [] == s.requests
        s.reply("It is **so**.", TESTS if action == "test" else REPLY)
        await s.run("explain", "a.py", F)
        assert s.desk.shown
        assert isinstance(await s.run(action, "b.py", F), Edits)


async def test_only_files_that_an_action_named_are_changed(tmp_path):
    """Whatever comes to the landing: one file too many, and nothing is applied."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", BEFORE)
        (s.desk.folder / "b.py").write_text(BEFORE)
        start = Point(0, 0)
        edit = Edit(Range(start, start), "# x\n")
        document = s.desk.read(s.desk.uri("a.py"))
        fenced_in = Fenced(s.desk, Fence(s.kit, document))
        for other in ("b.py", "new.py", "../b.py", "test_a.py"):
            changes = (FileChange(document.uri, (edit,), 1), FileChange(s.desk.uri(other), (edit,)))
            with pytest.raises(Barred, match="not a file that this action said"):
                await fenced_in.apply(Edits("", changes))
        assert [] == s.desk.applied
        await fenced_in.apply(Edits("", changes[:1]))
        assert s.desk.text("a.py") == "# x\n" + BEFORE


async def test_a_single_file_without_an_open_folder_is_served(tmp_path):
    """All rules hold, and nothing is refused for the lack of a folder."""
    async with story(tmp_path) as s:
        s.kit.roots = ()
        s.desk.open("a.py", BEFORE)
        s.reply(REPLY)
        assert isinstance(await s.run("simplify", "a.py", F), Edits)
        git(s.desk.folder, "init", "--quiet")
        (s.desk.folder / ".gitignore").write_text("*.py\n")
        assert isinstance(await s.run("simplify", "a.py", F), Declined)


@pytest.mark.parametrize("opened", ["nothing", "above"])
async def test_a_project_leads_tests_nowhere_out_of_it(opened, tmp_path):
    """It ships a link to where a person's programs start from: with no folder open, and with one that holds both."""
    async with story(tmp_path) as s:
        work, startup = s.desk.folder / "project", s.desk.folder / ".ipython" / "startup"
        startup.mkdir(parents=True)
        (work / "src").mkdir(parents=True)
        git(work, "init", "--quiet")
        (work / "tests").symlink_to("../.ipython/startup")
        s.kit.roots = () if opened == "nothing" else (str(s.desk.folder),)
        s.desk.open("project/src/a.py", BEFORE)

        outcome = await s.run("test", "project/src/a.py", F)

        assert isinstance(outcome, Declined)
        assert outcome.reason == "tests_outside"
        assert [] == s.requests
        assert [] == list(startup.iterdir())


async def test_no_folder_on_the_way_leads_out_even_if_another_leads_back(tmp_path):
    """Who made the folder between may make it lead elsewhere at any time."""
    async with story(tmp_path) as s:
        work = s.desk.folder
        s.desk.open("a.py", BEFORE)
        (tmp_path / "far").mkdir()
        (tmp_path / "far" / "unit").symlink_to(work)
        (work / "tests").symlink_to(tmp_path / "far")
        fence = Fence(s.kit, s.desk.read(s.desk.uri("a.py")))
        assert fence.why_not_beside(f"{work}/tests/unit/test_a.py") == "outside"
        assert fence.why_not_beside(f"{work}/test_a.py") is None


@pytest.mark.parametrize(
    ("project", "expected"),
    [(".git", "tests/test_a.py"), (".zai.toml", "tests/test_a.py"), (None, "lib/test_a.py")],
)
async def test_without_an_open_folder_tests_stay_in_the_project(project, expected, tmp_path):
    """Without a project they stay in the document's own folder."""
    async with story(tmp_path) as s:
        work = s.desk.folder
        s.kit.roots = ()
        (work / "tests").mkdir()
        if project == ".git":
            git(work, "init", "--quiet")
        elif project is not None:
            (work / project).touch()
        (work / "lib").mkdir()
        s.desk.open("lib/a.py", BEFORE)
        s.reply(TESTS)
        assert isinstance(await s.run("test", "lib/a.py", F), Edits)
        assert (work / expected).exists() or s.desk.text(expected)
