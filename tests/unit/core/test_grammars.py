"""What the tables say of grammars is what the grammars say of themselves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core import roles
from zai_ls.core.grammars import GRAMMARS, Grammar, load
from zai_ls.core.languages import LANGUAGES
from zai_ls.core.syntax import Syntax

DEFAULT = [name for name, grammar in GRAMMARS.items() if grammar.wheel]
LOADED = {name: load(GRAMMARS[name]) for name in DEFAULT}
KINDS = {
    name: {
        found.node_kind_for_id(number)
        for number in range(found.node_kind_count)
        if found.node_kind_is_named(number)
    }
    for name, found in LOADED.items()
}
SCRIPT = ("javascript", "typescript", "tsx")
OF_EACH = {
    "python": "def f(a):\n    return a\n",
    "typescript": "function f(a: number) { return a }\n",
    "javascript": "function f(a) { return a }\n",
    "typescriptreact": "const f = (a: T) => <p>{a}</p>\n",
    "javascriptreact": "const f = (a) => <p>{a}</p>\n",
    "go": "package a\n\nfunc f(a int) int { return a }\n",
    "rust": "fn f(a: i32) -> i32 { a }\n",
    "java": "class A { int f(int a) { return a; } }\n",
    "c": "int f(int a) { return a; }\n",
    "cpp": "int f(int a) { return a; }\n",
    "csharp": "class A { int F(int a) { return a; } }\n",
    "ruby": "def f(a)\n  a\nend\n",
    "php": "<?php\nfunction f($a) { return $a; }\n",
    "kotlin": "fun f(a: Int): Int { return a }\n",
    "swift": "func f(a: Int) -> Int { return a }\n",
    "shellscript": "f() { echo $1; }\n",
    "sql": "SELECT a FROM b WHERE c = 1;\n",
    "html": "<p>a</p>\n",
    "css": "a { color: red; }\n",
    "json": '{"a": [1, 2]}\n',
    "yaml": "a:\n  - 1\n",
    "toml": "[a]\nb = 1\n",
    "markdown": "# A\n\n- b\n",
}


@pytest.mark.parametrize("language", OF_EACH)
def test_the_default_install_reads_it(language):
    """Without the extra `languages`, offline: the grammar is there, and plain code has no fault."""
    assert GRAMMARS[LANGUAGES[language].grammar].wheel
    assert Syntax().is_sound(OF_EACH[language], language) is True


@pytest.mark.parametrize("name", DEFAULT)
def test_a_row_names_only_what_its_grammar_knows(name):
    """A mistyped node type would count for nothing, and nobody would notice."""
    known = set().union(*(KINDS[each] for each in SCRIPT)) if name in SCRIPT else KINDS[name]
    row = GRAMMARS[name]
    for column in fields(Grammar):
        said = getattr(row, column.name)
        if (
            column.name in {"name", "wheel", "entry", "logic", "silent"}
            or isinstance(said, bool)
            or said == column.default
        ):
            continue
        assert set(said) - known == set(), column.name


def test_the_common_table_names_only_what_some_grammar_knows():
    """The same for node types that mean one thing in every grammar."""
    known = set().union(*KINDS.values())
    said = set().union(*roles.ANYWHERE.values(), *(kinds for kinds in roles.MARKS.values()))

    assert said - known == set()


def test_no_grammar_is_loaded_before_code_of_its_language_is_read():
    """Each one when it is needed, and only that one."""
    program = (
        "import sys\n"
        "from zai_ls.core.syntax import Syntax\n"
        "from zai_ls.domain import Snapshot\n"
        "syntax = Syntax()\n"
        "print(*(name for name in sys.modules if name.startswith('tree_sitter')))\n"
        "syntax.parse(Snapshot('file:///a', 'go', 1, ('package a',)))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('tree_sitter_') and '.' not in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["", "tree_sitter_go"]


def test_a_grammar_that_cannot_be_loaded_is_done_without(monkeypatch):
    """Lines and indentation do then."""
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    monkeypatch.setitem(sys.modules, "semble_grammars", None)

    assert load(GRAMMARS["go"]) is None
    assert Syntax().parse(snapshot("package a\n", "go")) is None
