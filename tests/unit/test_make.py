"""`make` on a machine that lacks something says what, and what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def python(tmp_path):
    """An interpreter that does what a test says for each kind of call."""

    def python(body: str):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return python


def check(tmp_path, interpreter, words, silent):
    """`make set-up` with *interpreter* fails with *words*, and does not speak of *silent*."""
    done = subprocess.run(
        ["make", "set-up", f"VENV={tmp_path}/venv", f"PYTHON={interpreter}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert words in done.stderr
    assert silent not in done.stderr


def test_an_interpreter_that_is_not_there_is_not_called_older(tmp_path):
    """It has no age."""
    check(tmp_path, "no-such-python", "There is no no-such-python", "is older")


def test_an_interpreter_that_is_older_is_called_so(tmp_path, python):
    """With the way to name another."""
    check(tmp_path, python("exit 1"), "is older. Try: make PYTHON=", "There is no")


def test_an_interpreter_that_cannot_make_environments_is_explained(tmp_path, python):
    """Debian ships it apart; what `venv` leaves behind has no pip."""
    half = f"case $* in *venv*) mkdir -p {tmp_path}/venv/bin; exit 1;; esac"

    check(tmp_path, python(half), "apt install python3-venv", "is older")


def test_an_environment_without_pip_is_made_anew_or_explained(tmp_path, python):
    """It was left by an attempt before `python3-venv` was installed; an interpreter alone does not make one."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    broken = tmp_path / "venv" / "bin" / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    asked = tmp_path / "asked"

    check(tmp_path, python(f"case $* in *venv*) touch {asked};; esac"), "has no pip", "is older")
    assert asked.exists()
