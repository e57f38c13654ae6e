"""Documents with a cursor, and what models may write there, for hypothesis to choose from."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS
from zai_ls.core.completion.place import Place, place_at
from zai_ls.core.completion.shape import Shape
from zai_ls.core.text import split_lines
from zai_ls.domain import Point, Snapshot

CURSOR = "⎸"


def place_in(document: str, language: str = "python") -> Place:
    """The place of the cursor's mark in *document*."""
    return place_at(*marked(document, language))


def marked(document: str, language: str = "python") -> tuple[Snapshot, Point]:
    """A document and where the cursor's mark is in it."""
    before, _, after = document.partition(CURSOR)
    lines = split_lines(before)
    snapshot = Snapshot("file:///a", language, 1, tuple(split_lines(before + after)))
    return snapshot, Point(len(lines) - 1, len(lines[-1]))


def shape(*, block: bool) -> Shape:
    return Shape(block, 256, "")


_DOCUMENTS = (
    "def f(x):\n    return su⎸\n",
    "class A:\n    def f(self):\n        ⎸\n\n    def g(self):\n        return 1\n",
    "class A:\n\tdef f(self):⎸\n\t\treturn 1\n",
    "import os\n⎸\nimport sys\n",
    "x = foo(⎸)\n",
    'print("⎸")\n',
    "func f() {\n\tif x {⎸\n}\n",
    "function f() {⎸}\n",
    "- a\n- ⎸\n",
    "# Title\n\n⎸\n",
    "⎸",
    "    ⎸    ",
    "/* a ⎸ */\n",
    "def f():\n    \"\"\"Say ⎸\n    \"\"\"\n",
)  # fmt: skip
_PIECES = (
    "\n", "\n", "\n\n", "    ", "        ", "  ", "\t", "\r\n", "\r", " ", "return sum(x)", "return su", "su", "x = 1", "if x:", "if x {",
    "}", ")", "(", "]", "{", '"', "'", "'''", "```", "```python\n", "```bash\n", "~~~", "<think>", "</think>", "<|cursor|>",
    "<after>", "<before>", "</before>", "Sure, here is the code:", "This is what you need to do.", "好的，代码如下：", "def f(x):",
    "class A:", "import os", "import sys", "def g(self):", "return 1", "- a", "# Title", "end", "foo", "a, b", ":", ";", ",", ".", "/*", "*/",
    "#", "\x00", "\u200b", "\x1b[31m", "\u202e", "👩\u200d💻",
)  # fmt: skip
LANGUAGES = st.sampled_from(
    ["python", "typescript", "go", "rust", "java", "c", "ruby", "lua", "yaml", "markdown", "shellscript", "html", "plaintext", "cobol"]
)  # fmt: skip
RAWS = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=24).map("".join),
    st.text(alphabet=st.characters(), max_size=60),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.characters()), max_size=16).map("".join),
)


@st.composite
def places(draw: st.DrawFn) -> tuple[Snapshot, Point]:
    """A cursor in a document."""
    language = draw(LANGUAGES)
    if draw(st.booleans()):
        return marked(draw(st.sampled_from(_DOCUMENTS)), language)
    before, after = draw(TEXTS), draw(TEXTS)
    if before.endswith("\r") and after.startswith("\n"):
        after = after[1:]
    return marked(before + CURSOR + after, language)
