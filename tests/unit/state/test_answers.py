"""Kept answers: nothing is lost, nobody else can read them, and the folder does not grow for ever."""

from __future__ import annotations

import stat

import pytest

from tests.clock import TurnedClock
from zai_ls.state.answers import Answers

DAY = 86_400.0


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


def test_an_answer_comes_back_whole(tmp_path, clock):
    """What the model proposed is kept to the byte, whatever is in it."""
    answers = Answers(tmp_path / "answers", clock)
    text = "first: line\n\n\tdef f():\r\n        return 'é🎉'\n"

    kept = answers.keep(uri="file:///a b.py", action="simplify", reason="conflict", text=text)

    assert [text] == [answer.text for answer in answers.all()]
    assert kept == answers.get(kept.id) == answers.get(kept.id[:-1])
    assert kept.path.read_bytes().endswith(text.encode())


def test_text_that_looks_like_a_head_is_still_text(tmp_path, clock):
    """An answer may itself begin with `file: x` lines and blank lines."""
    answers = Answers(tmp_path, clock)
    text = "file: other\naction: x\n\nrest"

    answers.keep(uri="u", action="fix\ninjected: 1", reason="conflict", text=text)

    assert [("fix injected: 1", text)] == [(answer.action, answer.text) for answer in answers.all()]


def test_nobody_else_can_read_them(tmp_path, clock):
    """0600 in a 0700 folder: an answer is a piece of somebody's code."""
    kept = Answers(tmp_path / "answers", clock).keep(uri="u", action="fix", reason="conflict", text="x")

    assert 0o600 == stat.S_IMODE(kept.path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(kept.path.parent.stat().st_mode)


@pytest.mark.parametrize("act", ["keep", "read"])
def test_a_folder_that_is_open_is_closed_again(act, tmp_path, clock):
    """It lies in a closed one, so nobody has reached it so far."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    answers = Answers(state / "answers", clock)
    answers.keep(uri="u", action="fix", reason="conflict", text="x")
    (state / "answers").chmod(0o777)
    if act == "keep":
        answers.keep(uri="u", action="fix", reason="conflict", text="y")
    else:
        assert [answer.text for answer in answers.all()] == ["x"]
    assert 0o700 == stat.S_IMODE((state / "answers").stat().st_mode)


async def test_the_newest_stay_and_only_for_some_days(tmp_path, clock):
    """The newest `keep`, none older than `days`."""
    answers = Answers(tmp_path, clock, keep=3, days=7)
    for name in "abcde":
        answers.keep(uri=name, action="fix", reason="conflict", text=name)
        await clock.turn(1)
    assert ["e", "d", "c"] == [answer.text for answer in answers.all()]

    await clock.turn(8 * DAY)
    answers.keep(uri="f", action="fix", reason="conflict", text="f")

    assert ["f"] == [answer.text for answer in answers.all()]


def test_foreign_and_broken_files_are_left_alone(tmp_path, clock):
    """A file that is not ours is neither shown nor dropped."""
    answers = Answers(tmp_path, clock)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")

    kept = answers.keep(uri="u", action="fix", reason="conflict", text="x")

    assert [kept.id] == [answer.id for answer in answers.all()]
    assert (tmp_path / "notes.txt").exists()
    assert answers.get("nothing") is None
