"""What serving takes from an editor, and what it writes."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from zai_ls.cli.serving import Late, log_to
from zai_ls.config import load
from zai_ls.domain import CompletionAsk, Point, Quiet, Snapshot


def configured(folder, user_file="", **flags):
    (folder / "config.toml").write_text(user_file)
    environ = {"ZAI_CONFIG": str(folder / "config.toml"), "ZAI_API_KEY": "a.b"}
    return load({"stateDir": str(folder), **flags}, environ=environ, find_key=False)


@pytest.fixture
def logger():
    """The package's logger, put back as it was."""
    logger = logging.getLogger("zai_ls")
    handlers, level = list(logger.handlers), logger.level
    yield logger
    for handler in set(logger.handlers) - set(handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


@pytest.mark.parametrize(
    ("user_file", "editor", "slots", "gap_ms", "told"),
    [
        ("", {}, 1, 250, 0),
        ("", {"slots": 16, "gapMs": 0}, 1, 250, 2),
        ("", {"zai": {"slots": 16}}, 1, 250, 1),
        ("", {"slots": 1, "gapMs": 900}, 1, 900, 0),
        ("slots = 4\ngapMs = 100\n", {}, 4, 100, 0),
        ("slots = 4\ngapMs = 100\n", {"slots": 2, "gapMs": 200}, 2, 200, 0),
        ("slots = 4\ngapMs = 100\n", {"slots": 5, "gapMs": 50}, 4, 100, 2),
    ],
)
def test_an_editor_can_only_be_stricter_about_the_account(
    user_file, editor, slots, gap_ms, told, tmp_path, logger
):
    """Its settings may be a workspace's; what would let more requests out at once is refused, and said."""
    late = Late(lambda: configured(tmp_path, user_file))

    sentences = list(late.take_settings(editor))

    config = late.app().assistant.config
    assert (slots, gap_ms) == (config.settings.slots, config.settings.gap_ms)
    assert config.account.slots == slots
    assert told == len(sentences)
    assert all("stricter" in sentence for sentence in sentences)
    late.app().ledger.close()


@pytest.mark.parametrize("theirs", [[], ["*.py"], None])
def test_an_editor_and_a_project_can_only_add_to_what_is_ignored(theirs, tmp_path, logger):
    """Else a workspace could take the person's own list away, or allow what a `.gitignore` excludes."""
    late = Late(lambda: configured(tmp_path, 'ignore.patterns = ["*.sql"]\nignore.allow = ["gen/"]\n'))
    (tmp_path / ".zai.toml").write_text('[ignore]\npatterns = ["db/", "!*.sql"]\nallow = ["*"]\n')

    sentences = list(late.take_settings({"ignore": {"patterns": theirs, "allow": ["*"]}}))
    late.take_folders((str(tmp_path),))

    kit = late.app().kit
    assert kit.config.settings.ignore_patterns == ("*.sql", *(theirs or ()), "db/", "!*.sql")
    assert kit.config.settings.ignore_allow == ("gen/",)
    for name, ignored in (("a.sql", True), ("db/a.rb", True), ("a.py", bool(theirs)), ("a.rb", False)):
        assert (kit.verdict(str(tmp_path / name)) is not None) is ignored, name
    assert [s for s in sentences if "ignore.allow" in s]
    problems = [p.text for p in kit.config.problems if p.key.startswith("ignore")]
    assert len([text for text in problems if "`!*.sql`" in text and "project" in text]) == 1
    assert len([text for text in problems if "ignore.allow" in text]) == 2
    late.app().ledger.close()


def test_the_log_is_for_this_user_alone(tmp_path, logger):
    """It names files and accounts; a log that is there is added to."""
    path = tmp_path / "zai.log"
    before = os.umask(0)
    try:
        log_to(configured(tmp_path, logFile=str(path)))
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    logger.warning("one line")
    assert "one line" in path.read_text()


@pytest.mark.parametrize("place", ["open", "folder missing", "foreign link"])
def test_a_log_file_that_others_can_read_is_not_used(tmp_path, logger, monkeypatch, place, capsys):
    """The log goes to standard error instead, and the person reads why."""
    path = tmp_path / "zai.log"
    if place == "open":
        path.touch()
        path.chmod(0o644)
    elif place == "folder missing":
        path = tmp_path / "none" / "zai.log"
    else:
        (tmp_path / "else").touch(0o600)
        path.symlink_to(tmp_path / "else")
        lstat = Path.lstat

        def foreign(p):
            fields = list(lstat(p))
            fields[4] += 1
            return os.stat_result(fields)

        monkeypatch.setattr(Path, "lstat", lambda p: foreign(p) if p == path else lstat(p))
        monkeypatch.setattr("zai_ls.state.folder._SYSTEM", -1)
    late = Late(lambda: configured(tmp_path, logFile=str(path)))

    (sentence,) = late.take_settings({})
    logger.warning("one line")

    assert str(path) in sentence
    assert "standard error" in sentence
    assert not path.exists() or path.read_text() == ""
    assert "one line" in capsys.readouterr().err
    late.app().ledger.close()


def test_a_log_may_be_a_device_or_a_link_of_ones_own(tmp_path, logger):
    """Links and devices that the person named are theirs."""
    (tmp_path / "mine").touch(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    assert log_to(configured(tmp_path, logFile=str(tmp_path / "link"))) == ""
    assert log_to(configured(tmp_path, logFile=os.devnull)) == ""
    logger.warning("one line")
    assert "one line" in (tmp_path / "mine").read_text()


def test_texts_to_read_lie_in_the_state_folder(tmp_path, logger):
    """Where no other user looks."""
    assert Late(lambda: configured(tmp_path)).shown_in().parent == tmp_path


class _Completer:
    """Notes who asks, in their order."""

    def __init__(self):
        self.asked = []

    async def complete(self, ask, _texts):
        self.asked.append(ask.point.column)
        return Quiet("superseded", "")


def wish(number, waits_s=None):
    snapshot = Snapshot("file:///a.py", "python", 1, ("x\n",))
    return CompletionAsk(snapshot, Point(0, number), waits_s=waits_s)


async def test_the_newest_completion_stays_the_newest():
    """Keys typed while the key is looked for: who comes in the moment it is known is still the last of them."""
    late, completer = Late(lambda: None), _Completer()
    late._app = SimpleNamespace(assistant=SimpleNamespace(completer=completer))
    late._ready = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(late.complete(wish(number), None)) for number in range(3)]
    await asyncio.sleep(0)
    late._ready.set_result(None)
    tasks.append(asyncio.create_task(late.complete(wish(3), None)))
    await asyncio.gather(*tasks)
    assert completer.asked == [0, 1, 2, 3]


async def test_a_menu_does_not_wait_for_the_key():
    """A command that gets the key may take seconds; the editor's own menu opens meanwhile, ours is made ready then."""
    late, completer = Late(lambda: None), _Completer()
    late._app = SimpleNamespace(assistant=SimpleNamespace(completer=completer))
    late._ready = asyncio.get_running_loop().create_future()
    assert (await late.complete(wish(5, waits_s=0), None)).reason == "not_ready"
    assert completer.asked == []
    late._ready.set_result(None)
    await asyncio.gather(*late._fills)
    assert completer.asked == [5]
