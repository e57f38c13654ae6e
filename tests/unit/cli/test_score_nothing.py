"""What `zai-ls score` says when there is nothing to list: one sentence, with what to do instead."""

from __future__ import annotations

import json
import os

import pytest

from zai_ls.cli.main import main


@pytest.fixture(autouse=True)
def files(monkeypatch, tmp_path):
    """Some without definitions, and no settings of the machine's own."""
    for name in list(os.environ):
        if name.startswith(("ZAI_", "ZHIPUAI_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("ZAI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ZAI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "flat/a.py": "x = 1\nprint(x)\n",
        "flat/b.json": "{}\n",
        "some/a.py": "def f():\n    return 1\n",
        "some/b.py": "x = 1\n",
        "none/a.txt": "words\n",
        "empty.py": "\n",
        "long.js": "!function () { " + "var a = function () { b(); };" * 2000 + " }();\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["flat/a.py"], ["no definition in flat/a.py", "--whole"]),
        (["flat"], ["No file in flat", "--whole"]),
        (["none"], ["No file in none", "--whole"]),
        (["empty.py"], ["no definition in empty.py"]),
        (["long.js"], ["long.js is too large", "--whole"]),
        (["--whole", "empty.py"], ["nothing to score in empty.py"]),
        (["--whole", "none"], ["nothing to score in none"]),
    ],
    ids=" ".join,
)
def test_one_line_says_that_there_is_nothing(capsys, argv, said):
    """To a person where the table would be; to another program beside the objects, of which there are none."""
    assert main(["score", *argv]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    assert all(words in printed.out for words in said), printed.out
    assert printed.err == ""

    assert main(["score", "--json", *argv]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert all(words in printed.err for words in said), printed.err


def test_each_target_without_anything_is_said(capsys):
    """A folder with some says nothing of its other files; a file that was named is missed, beside the rows of others."""
    assert main(["score", "some", "flat/a.py", "--json"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["name"] for line in printed.out.splitlines()] == ["f"]
    assert len(printed.err.splitlines()) == 1
    assert "flat/a.py" in printed.err

    assert main(["score", "some/b.py", "some"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    assert "no definition in some" in printed.err


def test_as_one_piece_there_is_something(capsys):
    """What the sentence says can be done."""
    assert main(["score", "--whole", "flat"]) == 0
    printed = capsys.readouterr()

    assert len(printed.out.splitlines()) == 2
    assert printed.err == ""
