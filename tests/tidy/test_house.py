"""The house stays tidy: floors, names, sentences and documents agree with each other."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

import zai_ls
from tests.tidy.sentences import message_uses, template_fields
from zai_ls import errors, messages
from zai_ls.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(zai_ls.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

PUBLIC_VERBS = [
    "serve",
    "run",
    "score",
    "quota",
    "stats",
    "status",
    "doctor",
    "what-leaves",
    "answers",
    "pause",
    "resume",
    "demo",
    "emulator",
]


def ours() -> list[Path]:
    """All files of the repository, also those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_imports_go_down_the_floors():
    """And only `lsp` knows LSP; `core` is pure (contracts in pyproject.toml)."""
    run = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_knows(path):
    """A docstring that begins with a whole sentence or a name and a colon."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))

    assert docstring
    assert re.search(r"[.:;]$", docstring.splitlines()[0]) or "\n" in docstring


def test_every_sentence_has_an_id_and_every_id_a_use():
    """A mistyped id would raise before a person; an unused one is a sentence nobody reads."""
    known = set(messages.known_messages())
    uses = [use for path in MODULES if path.name != "messages.py" for use in message_uses(path)]
    used = {use.id for use in uses if use.id}
    prefixes = tuple(use.prefix for use in uses if use.prefix)

    assert used - known == set()
    assert {name for name in known - used if not (prefixes and name.startswith(prefixes))} == set()


def test_every_sentence_gets_the_values_it_names():
    """Else the person reads a KeyError instead."""
    missing = {}
    for path in MODULES:
        for use in message_uses(path) if path.name != "messages.py" else ():
            if use.id and use.values is not None:
                lacking = template_fields(use.id) - use.values
                if lacking:
                    missing[f"{path.name}:{use.line} {use.id}"] = lacking

    assert missing == {}


def every_error(root=errors.ZaiError):
    yield root
    for kind in root.__subclasses__():
        yield from every_error(kind)


@pytest.mark.parametrize("kind", list(every_error()), ids=lambda kind: kind.__name__)
def test_every_error_can_say_itself(kind):
    """Also one that knows nothing but its name; and braces in a detail are no template."""
    assert "{" not in kind().user_text
    assert kind("a {b}", code="1").user_text


@pytest.mark.parametrize("script", ["docs", "vscode", "words"])
def test_what_is_made_from_the_code_is_in_step(script):
    """`make docs` and `make words` write it."""
    command = [sys.executable, "-m", f"scripts.{script}", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["answers", "--state-dir", "no-such-folder"], 0),
        (["run", "explain", "no-such-file"], 2),
    ],
)
def test_the_command_line_starts_without_what_it_does_not_need(arguments, code):
    """lsprotocol alone takes half a second to import; no verb but `serve` and `demo` speaks LSP."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "zai_ls", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    heavy = [
        "lsprotocol",
        "pygls",
        "httpx",
        "starlette",
        "uvicorn",
        "rich",
        "tree_sitter",
        "keyring",
        "redis",
    ]
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line
    }

    assert done.returncode == code, done.stderr
    assert imported & set(heavy) == set()


def test_every_public_verb_exists():
    """Each is one module with `add_arguments` and `run`."""
    assert sorted(VERBS) == sorted(PUBLIC_VERBS)
    for verb in VERBS.values():
        module = importlib.import_module(verb.module)
        assert callable(module.add_arguments)
        assert callable(module.run)


@pytest.mark.parametrize(
    "path", [p for p in ours() if p.suffix == ".md"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_commands_in_the_documents_exist(path):
    """Whatever a document tells a reader to run can be run."""
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))

    assert set(re.findall(r"(?:^|[`$] ?)make ([a-z-]+)", code, re.MULTILINE)) - targets == set()
    assert set(re.findall(r"(?:^|[`$] ?)zai-ls ([a-z][a-z-]*)", code, re.MULTILINE)) - set(VERBS) == set()
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link


def test_nothing_names_this_machine_or_a_registry():
    """The repository stands alone, wherever it is cloned to."""
    roots = r"(?<![\w.~/-])/(wo" + "rk|ro" + "ot)/|/tmp" + "/brief"
    hosts = "../sha" + "red|.lib" + "rary/|pypi" + ".org|python" + "hosted|registry.npm" + "js"
    named = re.compile(roots + "|" + hosts.replace(".", r"\."))
    found = []
    for path in ours():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in named.finditer(text)]

    assert found == []


def test_no_work_is_left_in_comments():
    """What is to be done is in the issues; `TODO` in a string is the word that users write."""
    found = []
    for path in MODULES:
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        found += [
            f"{path.name}:{token.start[0]}"
            for token in tokens
            if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string)
        ]

    assert found == []


def test_every_exemption_has_a_reason():
    """A `noqa` or `type: ignore` names what it lifts, and says why beside it."""
    found = []
    for path in MODULES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"# (noqa|type: ignore)", line) and not re.search(
                r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[a-z, -]+\]) +\S+ \S+", line
            ):
                found.append(f"{path.name}:{number}")

    assert found == []


@pytest.mark.parametrize(
    ("language", "parse"),
    [("toml", tomllib.loads), ("json", json.loads), ("lua", None)],
    ids=["toml", "json", "lua"],
)
def test_configuration_in_the_documents_can_be_pasted(language, parse, tmp_path):
    """What a reader pastes is at least well-formed; Neovim itself runs its page."""
    blocks = [
        block
        for path in ours()
        if path.suffix == ".md"
        for block in re.findall(
            rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
    ]
    assert blocks
    if parse is not None:
        for block in blocks:
            parse(block)
        return
    script = tmp_path / "init.lua"
    script.write_text("\n".join(blocks), "utf-8")
    nvim = Path(sys.executable).parent / "nvim"
    done = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-l", script],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
