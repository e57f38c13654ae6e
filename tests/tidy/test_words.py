"""What a person reads can be read in each of our languages."""

from __future__ import annotations

import ast
import io
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

import zai_ls
from scripts import vscode
from scripts.words import as_po, compiled, merged, read, sentences, untranslated
from zai_ls import language, messages
from zai_ls.settings import DECLARATIONS
from zai_ls.settings.kinds import Number, OneOf, TableOf, Whole

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(Path(zai_ls.__file__).parent.rglob("*.py"))
CATALOGUES = sorted(language.CATALOGUES.glob("*/LC_MESSAGES/*.po"))
SENTENCES = [message for path in CATALOGUES for message in read(path) if message.id]
HAN = "\u3400-\u9fff"
BESIDE = re.compile(rf"[{HAN}][,.;:!?][{HAN}]|[{HAN}][,.;!?](?:\s|$)")


def values(text):
    """What is filled in: fields in braces, and per-cent signs in argparse's own words."""
    fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    return sorted([*fields, *re.findall(r"%\(\w+\)[sr]|%s", text)])


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parents[1].name)
def test_every_sentence_is_translated(path):
    """docs/translating.md says how."""
    assert [m.context for m in read(path) if m.id] == list(sentences())
    assert untranslated(path) == []


@pytest.mark.parametrize("message", SENTENCES, ids=lambda m: m.context)
def test_a_translation_keeps_its_values_and_its_writing(message):
    """And its lists as long as they are."""
    assert values(message.string) == values(message.id)
    assert BESIDE.search(message.string) is None
    assert message.string.endswith("\n") == message.id.endswith("\n")
    if message.context in {"time.weekdays", "time.months"}:
        assert len(message.string.split()) == len(message.id.split())


@pytest.mark.parametrize("declaration", [*DECLARATIONS, *vscode.OWN], ids=lambda d: d.key)
def test_what_a_setting_accepts_is_said_in_words_of_ours(declaration):
    """Else a unit or a name would stand in English inside a Chinese sentence."""
    kind = declaration.kind
    words = [getattr(kind, "unit", ""), getattr(kind, "names", "")]
    if not isinstance(kind, OneOf | Number | Whole | TableOf):
        words.append(kind.accepts)

    assert {word for word in words if word} <= messages._words().keys()


def test_code_in_a_sentence_is_the_same_in_each_language():
    """What stands in backticks is typed or looked for; so are our own settings and variables."""
    code = re.compile(r"`[^`]+`|\bzai\.[a-zA-Z.]+\w|\bZAI_[A-Z_]+|--[a-z-]+\b")
    differing = {
        m.context: (m.id, m.string)
        for m in SENTENCES
        if sorted(code.findall(m.string)) != sorted(code.findall(m.id))
    }

    assert differing == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.name)
def test_no_sentence_is_made_while_modules_are_imported(path):
    """The language is not known then, and the sentence would stay in English for good."""

    def now(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                for part in (*child.decorator_list, child.args):
                    yield from now(part)
            elif not isinstance(child, ast.Lambda):
                yield child
                yield from now(child)

    calls = [n for n in now(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]

    assert [n.lineno for n in calls if getattr(n.func, "id", "") in {"say", "told"}] == []


def test_a_translation_is_kept_and_is_fuzzy_once_its_english_has_changed():
    """Then it is said in English, until a translator has looked at it; what is gone is gone."""
    sentences = Catalog()
    for message_id, english in (("a.same", "Same."), ("a.changed", "Changed {x}."), ("a.new", "New.")):
        sentences.add(english, context=message_id)
    old = Catalog(locale="zh_CN")
    for message_id, english in (("a.same", "Same."), ("a.changed", "Before {x}."), ("a.gone", "Gone.")):
        old.add(english, "旧", context=message_id)

    made = merged(old, sentences)

    assert {m.context: (m.string, m.fuzzy) for m in made if m.id} == {
        "a.same": ("旧", False),
        "a.changed": ("旧", True),
        "a.new": (None, False),
    }
    assert b"Before" in as_po(made)
    assert {m.context for m in read_mo(io.BytesIO(compiled(made))) if m.id} == {"a.same"}
