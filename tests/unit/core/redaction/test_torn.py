"""A prompt shows a document in parts: a secret is one also where its name stands in another part, or is not shown."""

from __future__ import annotations

import pytest

from tests.unit.core.marked import document
from zai_ls.core.actions import ACTIONS
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.prompt import Surrounding, completion_prompt
from zai_ls.core.completion.shape import shape_of
from zai_ls.core.context import NOTHING_AROUND
from zai_ls.core.prompts import build_prompt
from zai_ls.core.syntax import Syntax
from zai_ls.domain import Ask

SECRET = "Zx81!kQ9pp"
SALT = b"salt"
AT_THE_CURSOR = [
    ("python", f'x = 1\ndef f():\n    db_password = («»\n        "{SECRET}")\n'),
    ("python", f'pass«»word = "{SECRET}"\n'),
    ("python", f'password «»= "{SECRET}"\n'),
    ("python", f'password = «»"{SECRET}"\n'),
    ("python", f'password = "{SECRET}"«»\n'),
    ("python", f'c = {{\n  "password": «»\n    "{SECRET}",\n}}\n'),
    ("javascript", f'const db_password = «»\n  "{SECRET}";\nfoo();\n'),
    ("python", f'foo(password=«»"{SECRET}")\n'),
    ("python", f'url = "postgres://ap«»p:{SECRET.replace("!", "")}@db.internal/x"\n'),
    ("csharp", f'var c = "Server=db;User=«»app;Password={SECRET};";\n'),
    ("python", f'headers = {{"Authorization": «»"Bearer {SECRET.replace("!", "")}aB3dE4"}}\n'),
]


def shown(text: str, language: str) -> str:
    snapshot, range_ = document(text, language)
    syntax = Syntax()
    place = place_at(snapshot, range_.start)
    shape = shape_of(place, max_tokens=100, manners="plain")
    around = syntax.surroundings(snapshot, range_, budget=1000)
    return completion_prompt(snapshot, place, shape, Surrounding(around), salt=SALT).user


@pytest.mark.parametrize(("language", "text"), AT_THE_CURSOR, ids=lambda given: given[:40])
def test_the_cursor_tears_no_secret_from_its_name(language, text):
    """Wherever it stands beside or in the name."""
    assert SECRET.replace("!", "") not in shown(text, language).replace("!", "")


@pytest.mark.parametrize(
    "text",
    [
        f'db_password = (\n«    "{SECRET}"\n»)\n',
        f'connect(\n    password=\n«    "{SECRET}",\n»)\n',
        f'connect(\n«    password=\n»    "{SECRET}",\n)\n',
    ],
)
def test_the_edge_of_a_selection_tears_none_either(text):
    """Neither in what is selected nor in what is around it."""
    snapshot, target = document(text)
    around = Syntax().surroundings(snapshot, target, budget=1000)
    for surroundings in (NOTHING_AROUND, around):
        ask = Ask("simplify", snapshot.uri, target)
        prompt = build_prompt(ACTIONS["simplify"], snapshot, target, ask, surroundings, salt=SALT)
        assert SECRET not in prompt.user


def test_in_a_very_long_document_too():
    """What is around the place is looked at, and not all of it."""
    filler = "".join(f"x{at} = {at}\n" for at in range(4000))
    assert SECRET not in shown(f'{filler}db_password = («»\n    "{SECRET}")\n{filler}', "python")
