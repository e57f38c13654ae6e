"""A person reads their own language: in the editor, and on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from zai_ls.cli.demo.editor import ScriptedEditor
from zai_ls.domain import Point, Range

CODE = "def double(x):\n    return x * 2\n\n\ny = 1\n"
URI = "file:///w/a.py"
SPOKEN_IN = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")


def environment(folder, **variables):
    kept = {name: value for name, value in os.environ.items() if name not in SPOKEN_IN}
    return {**kept, "ZAI_STATE_DIR": str(folder / "state"), "ZAI_CONFIG": os.devnull, **variables}


async def told_by_a_server(folder, locale, **variables):
    """The titles of code actions, and what `zai.toggleCompletions` says, for a client with *locale*."""
    editor = ScriptedEditor()
    options = {"zai": {"slots": 99}}
    try:
        await editor.start(env=environment(folder, **variables), locale=locale, options=options)
        editor.open(URI, "python", CODE)
        actions = await editor.code_actions(URI, Range(Point(1, 4), Point(1, 4)))
        await editor.request(
            "workspace/executeCommand", {"command": "zai.toggleCompletions", "arguments": []}
        )
        await editor.until(lambda: len(editor.messages) >= 2, 30)
    finally:
        await editor.stop()
    return [action["title"] for action in actions], [text for _, text in editor.messages]


@pytest.mark.parametrize(
    ("locale", "variables", "is_chinese"),
    [
        ("zh-cn", {"LANG": "en_US.UTF-8"}, True),
        (None, {"LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "ascii"}, True),
        ("en", {"LANG": "zh_CN.UTF-8"}, False),
        ("xx-nonsense", {}, False),
    ],
)
async def test_an_editor_is_spoken_to_in_its_language(tmp_path, locale, variables, is_chinese):
    """Its environment counts when it names none; the protocol carries all letters, whatever a terminal could show."""
    titles, messages = await told_by_a_server(tmp_path, locale, **variables)

    assert any(title.startswith("GLM：简化") for title in titles) == is_chinese
    assert any(title.startswith("GLM: Simplify") for title in titles) != is_chinese
    assert any("1 到 16 之间的整数" in text for text in messages) == is_chinese
    assert any(
        text.startswith("此窗口已关闭 GLM 补全" if is_chinese else "GLM completions are off")
        for text in messages
    )


def run(folder, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "zai_ls", *arguments],
        capture_output=True,
        check=False,
        env=environment(folder, **variables),
    )


@pytest.mark.parametrize(
    ("variables", "encoding", "is_chinese"),
    [
        ({"LANG": "zh_CN.UTF-8", "PYTHONUTF8": "1"}, "utf-8", True),
        ({"LANG": "zh_CN.GBK", "PYTHONIOENCODING": "gbk"}, "gbk", True),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8", "PYTHONUTF8": "1"}, "utf-8", True),
        ({"LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "ascii"}, "ascii", False),
        ({"LC_ALL": "C"}, "utf-8", False),
        ({"LANG": "xx_YY"}, "utf-8", False),
    ],
)
def test_the_command_line_speaks_the_language_of_its_terminal(tmp_path, variables, encoding, is_chinese):
    """Help, errors of argparse and our own sentences; English where the terminal lacks the letters."""
    help_ = run(tmp_path, "run", "--help", **variables)
    wrong = run(tmp_path, "run", **variables)
    none = run(tmp_path, "quota", **variables)

    assert [help_.returncode, wrong.returncode, none.returncode] == [0, 2, 2]
    text = (help_.stdout + wrong.stderr + none.stderr).decode(encoding)
    for chinese, english in (
        ("用法：zai-ls run", "usage: zai-ls run"),
        ("显示此帮助信息并退出", "show this help message and exit"),
        ("对文件执行一个代码操作", "Run one action on a file"),
        ("缺少必需的参数：ACTION", "the following arguments are required: ACTION"),
        ("没有 API 密钥。", "No API key."),
    ):
        assert (chinese in text) == is_chinese
        assert (english in text) != is_chinese
    assert "\ufffd" not in text


def test_what_programs_read_is_the_same_in_each_language(tmp_path):
    """Keys, reasons and exit codes; only `text` is for a person."""
    arguments = ("run", "simplify", "no-such-file.py", "--json")
    english, chinese = (
        json.loads(run(tmp_path, *arguments, LANG=lang, PYTHONUTF8="1").stdout)
        for lang in ("C", "zh_CN.UTF-8")
    )

    assert chinese.pop("text") == "文件 no-such-file.py 不存在。"
    assert english.pop("text") == "There is no file no-such-file.py."
    assert chinese == english
