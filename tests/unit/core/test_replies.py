from __future__ import annotations

import pytest

from zai_ls.core.replies import CodeReply, NotCode, code_of

CODE = "def f(x):\n    return x + 1"


def check(reply: str, expected: str | NotCode, language: str = "python") -> None:
    found = code_of(reply, language)
    if isinstance(expected, NotCode):
        assert found == expected
    else:
        assert isinstance(found, CodeReply), found
        assert found.text.strip("\n") == expected


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(f"```python\n{CODE}\n```", id="one block"),
        pytest.param(f"```\n{CODE}\n```\n", id="without a name"),
        pytest.param(
            f"```py\r\n{CODE}\r\n```".replace("x)\n", "x)\r\n").replace("\r\r", "\r"), id="carriage returns"
        ),
        pytest.param(f"~~~python\n{CODE}\n~~~", id="tildes"),
        pytest.param(f"````python\n{CODE}\n````", id="a longer fence"),
        pytest.param(
            f"Sure! Here is the code:\n\n```python\n{CODE}\n```\n\nIt adds one to `x`.", id="talk around it"
        ),
        pytest.param(f"```python\n{CODE}\n", id="not closed"),
        pytest.param(CODE, id="no fence"),
        pytest.param(
            f"Here is the improved code:\n\n{CODE}\n\nThis version adds one to the argument.",
            id="talk, no fence",
        ),
        pytest.param(
            f"<think>\nThe user wants ```python\nx\n```\n</think>\n```python\n{CODE}\n```",
            id="thinking leaked",
        ),
        pytest.param(f"so I answer.\n</think>\n\n```python\n{CODE}\n```", id="only the end of it"),
        pytest.param(f"\ufeff```python\n{CODE}\n```", id="a byte order mark"),
        pytest.param(
            f"Install:\n```bash\npip install x\n```\nThen:\n```python\n{CODE}\n```",
            id="a shell block besides",
        ),
        pytest.param(f"```python\n{CODE}\n```\nUse:\n```python\nf(1)\n```", id="a short example besides"),
        pytest.param(f"```python\n{CODE}\n```\nAgain:\n```python\n{CODE}\n```", id="twice the same"),
        pytest.param(
            f"- the code:\n  ```python\n  {CODE.replace(chr(10), chr(10) + '  ')}\n  ```", id="in a list"
        ),
        pytest.param(
            f"好的，代码如下：\n```python\n{CODE}\n```\n希望对你有帮助。", id="Chinese talk around it"
        ),
    ],
)
def test_the_code_of_a_reply_is_found(reply):
    """One block is the rule; talk, thinking and lesser blocks around it are left out."""
    check(reply, CODE)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("```python\n\n```", "empty"),
        ("<think>I never stop thinking", "empty"),
        ("I'm sorry, but I can't help with that request.", "prose"),
        ("抱歉，我无法完成这个请求。请提供更多信息。", "prose"),
        ("The function adds one to its argument.\nIt is simple enough as it is.", "prose"),
        ("```text\nI cannot change this code without more context.\n```", "prose"),
        ("```bash\npip install requests\n```", "other_language"),
        ("```python\na = 1\nb = 2\n```\nor\n```python\na = 3\nb = 4\n```", "several_blocks"),
        (
            "```python\ndef f():\n    # ... rest of the code remains unchanged ...\n    return 1\n```",
            "left_out",
        ),
        ("```python\ndef f():\n    # ... existing code ...\n```", "left_out"),
        ("```python\ndef f():\n    # 其余代码不变\n```", "left_out"),
    ],
)
def test_what_is_no_code_is_said_to_be_none(reply, reason):
    """A refusal, an explanation, another language, a choice or an excerpt never lands in a file."""
    check(reply, NotCode(reason))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param(
            "python",
            'def f():\n    """Say.\n\n    ```python\n    f()\n    ```\n    """\n    return 1',
            id="docstring",
        ),
        pytest.param(
            "markdown", "# Title\n\n```js\nlet a\n```\n\nText.\n\n```\nplain\n```", id="blocks in Markdown"
        ),
        pytest.param("javascript", "/**\n * ```js\n * f()\n * ```\n */\nconst f = () => 1", id="JSDoc"),
        pytest.param("rust", "/// ```\n/// f();\n/// ```\nfn f() {}", id="Rust documentation"),
        pytest.param(
            "python",
            "# Keep the existing code path fast.\nx = 1  # the rest is history",
            id="comments with such words",
        ),
        pytest.param("python", "# 这里说明一下\nx = '其余'", id="Chinese comments"),
        pytest.param("python", "x = '<think>'\ny = '</think>'", id="tags in strings"),
    ],
)
def test_code_with_fences_inside_stays_whole(language, code):
    """What only looks like the end of a block, or like talk, is part of the code."""
    check(f"```{language}\n{code}\n```", code, language)


def test_names_of_one_family_are_one_language():
    """A model may call TSX TypeScript, and a C header C++."""
    check("```typescript\nlet a = 1\n```", "let a = 1", "typescriptreact")
    check("```cpp\nint a;\n```", "int a;", "c")
    check("```made-up\nx\n```", "x", "cobol")


def test_prose_is_what_a_prose_file_wants():
    """In Markdown a sentence is content."""
    check("The new text. It is better.", "The new text. It is better.", "markdown")


README = "# Tool\n\nIt counts words, quickly.\n\n```python\ncount('a b')\n```\n\nThat is all of it."
TWO_BLOCKS = README + "\n\n```bash\npip install tool\n```\n\nBye."
PLAIN = "The quick brown fox jumps over the lazy dog, and everybody who sees it is amazed.\n" * 9


@pytest.mark.parametrize(
    ("reply", "expected", "selection"),
    [
        pytest.param(README, README, README.replace("quickly", "quick"), id="a block inside"),
        pytest.param(TWO_BLOCKS, TWO_BLOCKS, README, id="two blocks inside"),
        pytest.param(f"```markdown\n{TWO_BLOCKS}\n```", TWO_BLOCKS, README, id="wrapped by name"),
        pytest.param(f"```\n{README}\n```", README, README, id="wrapped without a name"),
        pytest.param(f"Here it is:\n\n```markdown\n{README}\n```\nDone.", README, README, id="talk around"),
        pytest.param("Here you go:\n```\nA new text, a better one.\n```", "A new text, a better one.", "An old text.", id="talk around one block"),
        pytest.param("```python\nf(2)\n```", "```python\nf(2)\n```", "```python\nf(1)\n```", id="the selection is a block"),
        pytest.param("A.\n```markdown\n# x\n\nlonger than that\n```", "A.\n```markdown\n# x\n\nlonger than that\n```", "a\n```markdown\n# x\n```", id="an example of Markdown"),
        pytest.param("```js\nf()\n```\n\nA.\n\n```js\ng()\n```", "```js\nf()\n```\n\nA.\n\n```js\ng()\n```", "text", id="begins and ends with a block"),
    ],
)  # fmt: skip
def test_blocks_inside_prose_are_part_of_it(reply, expected, selection):
    """Only a fence around all of a text is dropped."""
    found = code_of(reply, "markdown", selection)
    assert isinstance(found, CodeReply), found
    assert found.text.strip("\n") == expected


HASKELL = "double :: Int -> Int\ndouble n = n + n\n\nmain :: IO ()\nmain = print (double 2)\n"


@pytest.mark.parametrize("fence", ["", "```\n"])
@pytest.mark.parametrize(
    ("language", "said", "selection"),
    [
        ("markdown", "I'm sorry, but I can't help with that.", PLAIN),
        ("plaintext", "I’m sorry, but I can’t help with that.", PLAIN),
        ("plaintext", "Unfortunately, this is not possible.", "A short text."),
        ("markdown", "抱歉，我无法完成这个请求。", PLAIN),
        ("markdown", "Well formed already!", PLAIN),
        ("haskell", "No changes needed", HASKELL),
        ("nix", "Nothing to simplify", "{ a = 1; }"),
        ("perl", "I cannot help", "print 1;"),
        ("perl", "Perfect already", "print 1;"),
        ("shellscript", "No changes needed", "echo 1\n"),
        ("yaml", "No changes are needed.", "a: 1\n"),
    ],
)
def test_a_refusal_is_not_put_in_place_of_the_text(language, said, selection, fence):
    """Fenced or not, whatever the language: it has nothing of the selection."""
    reply = fence + said + ("\n```" if fence else "")
    assert code_of(reply, language, selection) == NotCode("prose")


@pytest.mark.parametrize(
    ("language", "reply", "selection"),
    [
        ("markdown", "A fox amazes everybody who sees it.", PLAIN),
        ("markdown", "敏捷的棕色狐狸跳过了懒狗，每一个看到它的人都感到十分惊讶。" * 8, PLAIN),
        ("plaintext", "I'm sorry, but I cannot come to the party.", "im sorry but i cannot come to the party"),
        ("haskell", "double n = 2 * n", "double n = n + n"),
        ("perl", "print 1", "print 1;"),
        ("clojure", "identity", "(fn [x] (identity x))"),
        ("python", "pass", "x = 1\ny = 2\nz = 3\n" * 9),
        ("nix", "{ b = 2; }", "# zai: b is two"),
    ],
)  # fmt: skip
def test_short_text_that_takes_up_the_selection_is_code(language, reply, selection):
    """Shortening, translating and mending are what was asked for."""
    assert code_of(reply, language, selection) == CodeReply(reply)
