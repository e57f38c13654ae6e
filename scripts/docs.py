"""Write the documentation that is made from the code; with `--check` only say whether it is in step."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from typing import get_args

from scripts.made import ROOT, keep, only_checks
from zai_ls.assistant import ports
from zai_ls.lsp.status import VERSION, camel
from zai_ls.settings import DECLARATIONS, Declaration

SETTINGS = ROOT / "docs" / "settings.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
_FROM, _TO = "<!-- made by scripts/docs.py from zai_ls/assistant/ports.py: -->", "<!-- end -->"

_HEAD = """\
# Settings

<!-- Made by scripts/docs.py from zai_ls/settings/declared.py; `make docs` writes it anew. -->

Where a value comes from, the strongest first:

1. the command line: `zai-ls serve --set KEY=VALUE`, and the flags of `zai-ls serve --help`,
2. the environment, for the settings that name a variable below,
3. your editor's settings, section `zai` (not for the settings marked *machine*),
4. your own config file: `config.toml` in the folder that `zai-ls doctor` prints, or the file that `ZAI_CONFIG` names,
5. the default.

A value that is not accepted is ignored alone; a message names the setting and what is accepted, and everything else stays.
For the settings marked *vital*, which decide where requests go and whose slot they share, nothing is sent until it is corrected.
While your own config file cannot be read at all, `zai-ls run` sends nothing.

Settings marked *machine* decide where your key and your code go. They are never taken from an editor, because a workspace
can write an editor's settings. The API key itself is no setting: it comes from `ZAI_API_KEY` (then `ZHIPUAI_API_KEY`), from
`apiKeyCommand`, or from the system's keyring (extra `zai-ls[keyring]`; `keyring set zai-ls HOST`).
`OPENAI_API_KEY`, `ANTHROPIC_AUTH_TOKEN` and `ANTHROPIC_API_KEY` count only together with `OPENAI_BASE_URL` or
`ANTHROPIC_BASE_URL`, and go to that host only.

A project may have a `.zai.toml` in its root, and it holds in editors and in `zai-ls run` alike. It can only tighten: the settings marked *project* below, more of a list or a
lower limit. Everything else in it is ignored, with a message.

In TOML and JSON, `routing.standardFrom` may be written with its dot or as a table:

```toml
# config.toml
plan = "pro"
apiKeyCommand = ["pass", "show", "zai"]

[routing]
standardFrom = 0.4

[routing.perAction]
test = "strong"
```
"""


def settings_page() -> str:
    """The whole page."""
    return _HEAD + "".join(_entry(d) for d in DECLARATIONS)


def _entry(declaration: Declaration) -> str:
    marks = []
    if declaration.machine:
        marks.append("*machine*")
    if declaration.vital:
        marks.append("*vital*")
    if declaration.tightened_by:
        marks.append("*project*")
    if declaration.env:
        marks.append(f"variable `{declaration.env}`")
    accepts = declaration.kind.accepts
    return (
        f"\n## `{declaration.key}`\n\n{declaration.doc}\n\n"
        f"- accepts: {accepts}\n"
        f"- default: `{_shown(declaration.default)}`\n" + (f"- {', '.join(marks)}\n" if marks else "")
    )


def _shown(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


# -- the status notification ---------------------------------------------------------------------------------


def protocol_page() -> str:
    """The page as it is, with its generated part made anew."""
    page = PROTOCOL.read_text(encoding="utf-8")
    before, _, rest = page.partition(_FROM)
    _, _, after = rest.partition(_TO)
    return f"{before}{_FROM}\n\n{status_tables()}\n{_TO}{after}"


def status_tables() -> str:
    """A table for the notification and for each object in it."""
    parts = [f"`version` is {VERSION}; fields and states are only ever added to a version.\n"]
    for kind, title in (
        (ports.Status, ""),
        (ports.WindowStatus, "An entry of `windows`"),
        (ports.Cooldown, "`cooldown`"),
    ):
        rows = "".join(f"| `{camel(name)}` | {text} |\n" for name, text in _fields(kind))
        parts.append(f"{title and f'{title}:'}\n\n| field | |\n|---|---|\n{rows}".lstrip("\n"))
    states = ", ".join(f"`{state}`" for state in get_args(_hint(ports.Status, "state")))
    return "\n".join(parts) + f"\nStates: {states}.\n"


def _hint(kind: type, name: str) -> object:
    return inspect.get_annotations(kind, eval_str=True, globals=vars(_with_names()))[name]


def _with_names() -> object:
    """`ports` with the names that it imports for type checkers only."""
    from types import SimpleNamespace

    from zai_ls import domain

    return SimpleNamespace(**{**vars(domain), **vars(ports)})


def _fields(kind: type) -> list[tuple[str, str]]:
    """Each field of a dataclass, with the text below it."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    found: list[tuple[str, str]] = []
    for statement, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = getattr(after, "value", None)
            text = value.value if isinstance(value, ast.Constant) else ""
            found.append((statement.target.id, " ".join(str(text).split())))
    return found


_PAGES = ((SETTINGS, settings_page), (PROTOCOL, protocol_page))


def main() -> int:
    made = {path: page().encode() for path, page in _PAGES}
    return keep(made, "make docs", check=only_checks(__doc__))


if __name__ == "__main__":
    sys.exit(main())
