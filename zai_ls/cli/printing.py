"""What goes to the terminal: colours where a person looks, plain bytes where a program reads."""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

from zai_ls.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import TextIO

    from zai_ls.cli.files import FileDiff

_NO_END = "\\ No newline at end of file\n"
_ACTS_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What JSON may hold as it is, and a terminal or a reader's eyes obey."""
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def unified(diffs: Iterable[FileDiff]) -> str:
    """The changes as a unified diff that `patch -p1` and `git apply` take."""
    out: list[str] = []
    for diff in diffs:
        name = _name(diff.path)
        old = "/dev/null" if diff.created else _header(f"a/{name}")
        lines = difflib.unified_diff(_lines(diff.before), _lines(diff.after), old, _header(f"b/{name}"))
        out.extend(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)
    return "".join(out)


def _lines(text: str) -> list[str]:
    """As `git` and `patch` count them: a line ends with its line feed and with nothing else."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _header(name: str) -> str:
    """*name* as it stands in a diff's head: a tab ends one with blanks, one with odder characters stands in quotes."""
    if not re.search(r'[\x00-\x1f\x7f"\\]', name):
        return f"{name}\t" if " " in name else name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\{ord(c[0]):03o}", escaped) + '"'


def print_diff(text: str) -> None:
    """*text* on standard output: exactly for a program, coloured and with what acts on a terminal made visible for a person."""
    if not sys.stdout.isatty():
        write_exactly(text)
        return
    if not is_terminal(sys.stdout):
        write_exactly(visible(text.replace("\r\n", "\n")))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in text.split("\n")[:-1]:
        style = "bold" if line.startswith(("+++", "---")) else _COLOURS.get(line[:1], "")
        console.print(Text(visible(line.rstrip("\r")), style=style))


def print_markdown(text: str) -> None:
    """*text* on standard output, rendered in a terminal."""
    if not is_terminal(sys.stdout):
        print_text(text if text.endswith("\n") else text + "\n")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(visible(text.replace("\r\n", "\n")), hyperlinks=False))


def print_text(text: str) -> None:
    """*text* on standard output: exactly for a program; what acts on a terminal is made visible for a person."""
    write_exactly(visible(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text)


def print_json(value: object) -> None:
    """*value* as one JSON document on standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    write_exactly(_ACTS_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def note(text: str) -> None:
    """One sentence on standard error, where it does not disturb a pipe."""
    print(f"zai-ls: {text}", file=sys.stderr)


def columns(text: str) -> int:
    """How many columns of a terminal *text* takes: a Chinese letter takes two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def is_terminal(stream: TextIO) -> bool:
    """Does a person look at *stream*, and want colours (`NO_COLOR`)?"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write_exactly(text: str) -> None:
    """*text* with its own line endings, as UTF-8 whatever the terminal's encoding: a diff of a CRLF file keeps its CRs."""
    write_bytes(text.encode("utf-8", "surrogateescape"))


def write_bytes(data: bytes) -> None:
    """*data* and nothing else on standard output."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8", "surrogateescape"))
        return
    sys.stdout.flush()
    buffer.write(data)
    buffer.flush()


def _name(path: Path) -> str:
    try:
        return path.resolve().relative_to(path.cwd()).as_posix()
    except ValueError:
        return path.as_posix().lstrip("/")
