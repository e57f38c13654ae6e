from __future__ import annotations

import pytest

from tests.unit.core.completion.replies import CURSOR, place_in, shape
from tests.unit.core.completion.scenarios import Case, cases
from zai_ls.core.completion.cleaning import Written, written


def inserted(
    document: str, reply: str, language: str = "python", *, block: bool = False, ended: bool = True
) -> Written:
    return written(reply, place_in(document, language), shape(block=block), ended=ended)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_reply_becomes_what_is_inserted(case: Case):
    """Each case states its rule."""
    place = place_in(case.document, case.language)
    found = written(case.reply, place, shape(block=case.block), ended=True, cut_off=case.cut_off)
    then = case.document.replace(CURSOR, found.text)

    assert (found.text and then, found.why) == (case.then or "", case.why)
    assert found.complete
    early = written(case.reply + "\n", place, shape(block=case.block), ended=False)
    assert not case.early or early == found
    assert case.cut_off or not early.complete or early == found


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("a\r\nb", "a\nb", id="carriage returns and line feeds"),
        pytest.param("a\rb", "a\nb", id="carriage returns"),
        pytest.param("a\x00b", "ab", id="a NUL"),
        pytest.param("a\x0cb\x1fc\x7fd\x85e", "abcde", id="control characters"),
        pytest.param("a\x1b[31mb\x1b[0mc", "abc", id="colours for a terminal"),
        pytest.param("a\u200bb\u2060c\ufeffd\xade", "abcde", id="characters without width"),
        pytest.param("a\u202eb\u202cc\u2066d\u2069e\u200ef", "abcdef", id="marks of direction"),
        pytest.param("a\u200db", "ab", id="a joiner between letters that do not join"),
        pytest.param("'👩\u200d💻'", "'👩\u200d💻'", id="a joiner in an emoji"),
        pytest.param("'می\u200cخواهم'", "'می\u200cخواهم'", id="a joiner in Persian"),
        pytest.param("a\U000e0041\U000e0042b", "ab", id="letters nobody sees"),
        pytest.param("a\u2028b\u2029c", "abc", id="separators that are no line ends here"),
        pytest.param("a\ud800b", "ab", id="half a character"),
        pytest.param("a = '\té日本👍🏽'", "a = '\té日本👍🏽'", id="what can be seen, and tabs"),
    ],
)
def test_what_nobody_sees_is_not_inserted(raw, text):
    """What is shown is what is accepted."""
    assert inserted("⎸", raw, block=True) == Written(text, complete=True)


@pytest.mark.parametrize(
    ("document", "raw", "shown"),
    [
        pytest.param("def f():\n    return su⎸\n", "ret", "", id="the start of the line again"),
        pytest.param("def f():\n    return su⎸\n", "return s", "", id="all but the last of it"),
        pytest.param("def f():\n    return su⎸\n", "return sum(", "m(", id="more than it"),
        pytest.param("import os\n⎸\n", "import", "", id="the start of a line above"),
        pytest.param("x = ⎸\n", "Sure, here", "", id="the start of talk"),
        pytest.param("x = ⎸\n", "``", "", id="the start of a fence"),
        pytest.param("x = ⎸\n", "```pyth", "", id="the start of a fence's name"),
        pytest.param("x = ⎸\n", "```python\nsum", "sum", id="after the fence"),
        pytest.param("x = ⎸\n", "<thi", "", id="the start of thinking"),
        pytest.param("x = ⎸\n", "sum(y)<|cur", "", id="the start of a mark"),
        pytest.param("x = ⎸\n", "sum(y", "sum(y", id="an unfinished line"),
        pytest.param("x = ⎸\n", "Foo(", "Foo(", id="what is no talk for certain"),
    ],
)
def test_what_may_be_nothing_of_the_text_is_not_shown_yet(document, raw, shown):
    """While a line is written, it is shown unless it may turn out to be something that is left out."""
    assert inserted(document, raw, ended=False) == Written(shown, complete=False)


def test_the_end_of_thinking_takes_nothing_back():
    """What was complete before it stays."""
    raw = "sum(y)\nIs that right?\n</think>\nmax(y)\n"
    assert inserted("x = ⎸\n", raw) == Written("sum(y)", complete=True)


def test_the_endings_of_the_document_do_not_matter():
    """Lines below and above are recognised with any."""
    document = "import os\r\n⎸\r\nx = compute(1)\r\n"
    raw = "import os\nimport sys\nx = compute(1)\n"
    assert inserted(document, raw, block=True, ended=False) == Written("import sys", complete=True)
