"""The command line itself: help, versions, and errors that are sentences."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zai_ls import __version__
from zai_ls.cli.main import VERBS, main


@pytest.fixture(autouse=True)
def nobodys_machine(monkeypatch, tmp_path):
    """No key, no config file, no state of the machine the tests run on."""
    for name in list(os.environ):
        if name.startswith(("ZAI_", "ZHIPUAI_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("ZAI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ZAI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("zai_ls.config.keys.in_keyring", lambda host: None)


def test_the_version_is_printed(capsys):
    """What a bug report begins with."""
    with pytest.raises(SystemExit) as end:
        main(["--version"])

    assert end.value.code == 0
    assert capsys.readouterr().out == f"zai-ls {__version__}\n"


def test_without_a_verb_the_help_is_shown(capsys):
    """All verbs, each with a few words."""
    assert main([]) == 2
    out = capsys.readouterr().out
    assert all(name in out for name in VERBS)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["status"], 2, "ZAI_API_KEY"),
        (["run", "simplify", "no-such-file.py"], 2, "There is no file no-such-file.py"),
        (["run", "simplify", __file__ + ":9999"], 2, "it has"),
        (["run", "simplify", __file__], 2, "ZAI_API_KEY"),
        (["run", "dance", __file__], 2, "simplify"),
        (["run", "instruct", __file__], 2, "--instruction"),
        (["status", "--set", "slots"], 2, "KEY=VALUE"),
        (["status", "--set", "slots=99"], 2, "a whole number from 1 to 16"),
        (["status", "--set", "slot=2"], 2, "Did you mean zai.slots?"),
        (["status", "--plan", "huge"], 2, "one of payg, lite, pro, max"),
        (["status", "--base-url", "http://example.org"], 2, "unencrypted"),
        (["answers", "nothing"], 2, "No kept answer"),
        (["serve", "--tcp", "here"], 2, "HOST:PORT"),
        (["status", "--config", "no-such.toml"], 2, "no-such.toml"),
        (["demo", "--action", "bogus"], 2, "There is no action bogus"),
        (["demo", __file__, "--action", "bogus"], 2, "There is no action bogus"),
        (["what-leaves", __file__, "--action", "bogus"], 2, "There is no action bogus"),
        (["stats", "--days", "nan"], 2, "--days nan"),
        (["stats", "--days", "-1"], 2, "--days -1"),
        (["stats", "--days", "inf"], 2, "--days inf"),
        (["stats", "--set", "routing.perAction.dance=light"], 2, "the action dance"),
        (["emulator", "--port", "99999"], 2, "--port 99999 cannot be: expected a number from 0 to 65535"),
        (["emulator", "--slots", "0"], 2, "--slots 0 cannot be"),
        (["emulator", "--service-ms", "nan"], 2, "--service-ms nan cannot be"),
        (["emulator", "--plan", "huge"], 2, "No plan is called huge"),
        (["emulator", "--script", "no-such.json"], 2, "The script no-such.json cannot be used: No such file"),
        (["emulator", "--record", "no/such/record"], 2, "no/such/record cannot be written"),
    ],
)
def test_what_cannot_be_is_one_sentence(capsys, argv, code, words):
    """No traceback; what is wrong and what to write instead."""
    assert main(argv) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.startswith("zai-ls: ")
    assert "Traceback" not in err


def test_debug_shows_where_it_came_from(capsys):
    """For whoever mends it."""
    assert main(["status", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_is_said_and_not_dumped(capsys, monkeypatch):
    """The person is asked to report it."""
    module = importlib.import_module(VERBS["answers"].module)
    monkeypatch.setattr(module, "run", lambda args: {}["missing"])

    assert main(["answers"]) == 1
    err = capsys.readouterr().err
    assert "KeyError" in err
    assert "--debug" in err
    assert "Traceback" not in err


def test_an_interrupt_ends_quietly(monkeypatch):
    """As a shell expects."""

    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module(VERBS["answers"].module), "run", interrupted)

    assert main(["answers"]) == 130


def test_no_kept_answers_is_no_error(capsys):
    """Nothing on standard output, so that a pipe gets nothing."""
    assert main(["answers"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["answers", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_reader_that_leaves_early_is_no_fault():
    """`zai-ls answers | head -0`."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "zai_ls", "answers", "--json"],
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.parametrize(
    "argv", [["answers", "--json"], ["run", "fix", "none.py", "--json"], ["emulator", "--list-faults"]]
)
def test_a_full_disk_is_one_sentence(argv):
    """`zai-ls answers > file` on a disk that has no room."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "zai_ls", *argv],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.stderr == "zai-ls: The output cannot be written (No space left on device).\n"
    assert done.returncode == 1


def test_a_terminal_that_lacks_letters_breaks_nothing(tmp_path):
    """A sentence with a file's own name in it, on a terminal that knows ASCII only."""
    done = subprocess.run(
        [sys.executable, "-m", "zai_ls", "score", "größe.py"],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "There is no file gr??e.py" in done.stderr


def test_output_without_bytes_below_is_written_all_the_same(monkeypatch):
    """Some callers replace standard output by a text of their own."""
    from zai_ls.cli.printing import write_exactly

    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    write_exactly("é\r\n")

    assert out.getvalue() == "é\r\n"
