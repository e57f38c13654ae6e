"""How `zai-ls run` ends: what is printed, and the exit code a script sees."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys

import pytest

from zai_ls.cli import printing
from zai_ls.cli.exits import Exit, exit_for
from zai_ls.cli.files import FileDiff, FileEditor
from zai_ls.cli.run import report
from zai_ls.config import NotConfigured
from zai_ls.domain import Declined, Edits, Explanation, Kept
from zai_ls.errors import (
    AuthFailed,
    BadReply,
    Busy,
    Closed,
    NoKey,
    Paused,
    QuotaExhausted,
    RateLimited,
    StateUnusable,
    TimedOut,
    Unreachable,
)


@pytest.fixture
def editor(tmp_path):
    editor = FileEditor(max_bytes=10_000, write=False)
    editor.diffs.append(FileDiff(tmp_path / "a.py", "one\ntwo\n", "one\nTWO\n", created=False))
    return editor


@pytest.mark.parametrize(
    ("outcome", "code", "out", "err"),
    [
        (Edits("Simplify", ()), 0, "-two\n+TWO\n", ""),
        (Explanation("f", "It *adds*."), 0, "It *adds*.\n", ""),
        (Declined("unchanged", "Nothing to change."), 3, "", "Nothing to change."),
        (Kept("conflict", "It moved.", "7", "/x"), 6, "", "It moved."),
        (Kept("document_closed", "Gone.", "7", "/x"), 6, "", "Gone."),
        (Kept("breaks_syntax", "It would break.", "7", "/x"), 7, "", "It would break."),
        (Kept("not_code", "No code.", "7", "/x"), 7, "", "No code."),
    ],
)
def test_each_outcome_has_its_code(editor, capfd, outcome, code, out, err):
    """Results on standard output, sentences on standard error: a pipe gets the result alone."""
    assert report(outcome, editor, as_json=False, applied=False) == code
    printed = capfd.readouterr()
    assert out in printed.out
    assert (printed.out == "") == (out == "")
    assert err in printed.err


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (Edits("Simplify", ()), {"outcome": "edits", "exit": 0, "applied": True}),
        (Explanation("f", "text"), {"outcome": "explanation", "exit": 0, "text": "text", "title": "f"}),
        (Declined("unchanged", "No."), {"outcome": "declined", "exit": 3, "reason": "unchanged"}),
        (Kept("conflict", "No.", "7", "/x"), {"outcome": "kept", "exit": 6, "answer": "7", "path": "/x"}),
    ],
)
def test_each_outcome_as_json(editor, capfd, outcome, fields):
    """One document, and nothing on standard error."""
    code = report(outcome, editor, as_json=True, applied=True)
    printed = capfd.readouterr()

    document = json.loads(printed.out)
    assert document["exit"] == code
    assert {name: document[name] for name in fields} == fields
    assert printed.err == ""


@pytest.mark.parametrize(
    "outcome", [Declined("unchanged", "Nothing to change."), Kept("conflict", "Moved.", "7", "/x")]
)
def test_nothing_is_said_twice(editor, capfd, outcome):
    """The assistant has told the editor already; other sentences come first, in order."""
    editor.tell("warning", "Mind the gap.")
    editor.tell("warning", outcome.text)
    report(outcome, editor, as_json=False, applied=False)

    assert capfd.readouterr().err == f"zai-ls: Mind the gap.\nzai-ls: {outcome.text}\n"


def test_a_diff_goes_out_with_its_own_line_endings(editor, tmp_path, capfdbinary):
    """A terminal's encoding and its idea of a line end do not touch it."""
    editor.diffs[:] = [FileDiff(tmp_path / "a.py", "one\r\n", "zwei é\r\n", created=False)]
    report(Edits("x", ()), editor, as_json=False, applied=False)

    assert "-one\r\n+zwei é\r\n".encode() in capfdbinary.readouterr().out


def test_an_applied_change_names_its_files(editor, capfd):
    """The diff is in the file now; standard output stays empty."""
    report(Edits("Simplify", ()), editor, as_json=False, applied=True)
    printed = capfd.readouterr()

    assert printed.out == ""
    assert "a.py changed." in printed.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QuotaExhausted(), Exit.QUOTA),
        (Closed(), Exit.QUOTA),
        (Paused(), Exit.QUOTA),
        (AuthFailed(), Exit.SERVICE),
        (RateLimited(), Exit.SERVICE),
        (Unreachable(), Exit.SERVICE),
        (TimedOut(), Exit.SERVICE),
        (BadReply(), Exit.SERVICE),
        (NoKey(), Exit.BAD_USE),
        (NotConfigured("x"), Exit.BAD_USE),
        (StateUnusable(), Exit.FAILED),
        (Busy(), Exit.FAILED),
    ],
)
def test_each_error_has_its_code(error, code):
    """4: quota; 5: the service; 2: the caller can mend it."""
    assert exit_for(error) == code


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("one\ntwo\n", "one\nTWO\n"),
        ("one\r\ntwo\r\n", "one\r\nTWO\r\n"),
        ("one\ntwo", "one\nTWO"),
        ("one\ntwo", "one\ntwo\n"),
        ("a\x0cb\n\x0c\ntwo\n", "a\x0cb\n\x0c\nTWO\n"),
        ("one\rtwo\r", "one\rTWO\r"),
        ("\ufeffone\ntwo\n", "\ufeffone\nTWO\n"),
        ("", "one\n"),
        (None, "one\n"),
    ],
)
@pytest.mark.parametrize("name", ["a.py", "my file.py", "größe.py", 'a"b.py'])
@pytest.mark.parametrize(
    "tool", [["git", "apply", "--whitespace=nowarn", "-"], ["patch", "-p1", "--binary"]], ids=["git", "patch"]
)
def test_the_printed_diff_is_one_that_other_tools_apply(tmp_path, monkeypatch, tool, name, before, after):
    """What is printed can be piped into `git apply` and `patch -p1`, whatever the line endings and the file's name."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    if before is not None:
        path.write_bytes(before.encode())
    diff = printing.unified([FileDiff(path, before or "", after, created=before is None)])

    subprocess.run(tool, input=diff.encode(), cwd=tmp_path, check=True, capture_output=True)

    assert path.read_bytes() == after.encode()
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_new_file_comes_from_nowhere(editor, tmp_path):
    """So that undoing the diff deletes the file instead of emptying it."""
    new = FileDiff(tmp_path / "b.py", "", "new\n", created=True)

    assert printing.unified([new]).startswith("--- /dev/null\n+++ b/")
    assert printing.unified(editor.diffs).startswith("--- a/")


def test_a_change_that_could_not_be_written_says_why_and_where_the_answer_is(editor, capfd):
    """There is no editor in a shell that could refuse it."""
    editor.failed = "a.py is read-only."
    editor.tell("error", editor.failed)
    kept = Kept("refused_by_editor", "The editor did not take it.", "7", "/x")
    editor.tell("warning", kept.text)

    assert report(kept, editor, as_json=False, applied=True) == Exit.CONFLICT
    assert (
        capfd.readouterr().err == "zai-ls: a.py is read-only. The answer is kept: `zai-ls answers 7`, or /x\n"
    )


ESCAPES = "\x1b]52;c;cm0=\x07\x9b31m\u202e"


@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_is_shown_what_would_act_on_it(no_color):
    """A diff, an explanation, a kept answer and JSON: a program gets the bytes, a person sees them written out."""
    script = f"""
import sys
from zai_ls.cli import printing
text = {ESCAPES!r}
printing.print_diff("--- a" + chr(10) + "+" + text + chr(13) + chr(10))
printing.print_markdown("# " + text + chr(10) + "[x](http://evil)")
printing.print_text(text + chr(10))
printing.print_json({{"a": text}})
printing.note(printing.visible(text))
"""
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"} | ({"NO_COLOR": "1"} if no_color else {})
    here, there = pytest.importorskip("pty").openpty()
    process = subprocess.Popen([sys.executable, "-c", script], stdout=there, stderr=there, env=env)
    os.close(there)
    shown = b""
    with contextlib.suppress(OSError):
        while data := os.read(here, 65_536):
            shown += data
    os.close(here)
    assert process.wait() == 0
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", shown).decode()
    assert not re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", plain)
    assert plain.count("]52;c;cm0=") == 5
    assert b"\x1b]8" not in shown

    piped = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env=env, check=True
    ).stdout.decode()
    assert piped.count(ESCAPES) == 3  # but in JSON, which has escapes of its own
