"""What the VS Code extension says of settings and actions is what the server declares."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts import vscode
from zai_ls import language
from zai_ls.core.actions import ACTIONS
from zai_ls.settings import DECLARATIONS

ROOT = Path(__file__).resolve().parents[2]
DECLARED = [*DECLARATIONS, *vscode.OWN]


def held(name):
    return json.loads((vscode.CLIENT / name).read_text("utf-8"))


def test_every_text_is_there_in_each_language_and_none_in_vain():
    """A key that is missing would stand in the menu as it is."""
    english, chinese = (held(name) for name in vscode.NLS.values())
    named = re.findall(r'"%([^"%]+)%"', (vscode.CLIENT / "package.json").read_text("utf-8"))

    assert english.keys() == chinese.keys()
    assert set(named) == english.keys()
    assert all(text.strip() for text in (*english.values(), *chinese.values()))


def test_code_in_a_text_is_the_same_in_each_language():
    """Links to settings among it."""
    english, chinese = (held(name) for name in vscode.NLS.values())
    code = re.compile(r"`[^`]+`")

    assert {
        key for key in english if sorted(code.findall(english[key])) != sorted(code.findall(chinese[key]))
    } == set()


def test_each_setting_stands_on_one_page_and_takes_its_own_default():
    """Machine settings are no workspace's to write."""
    pages = [page["properties"] for page in vscode.configuration()]
    settings = {key: schema for page in pages for key, schema in page.items()}

    assert sum(map(len, pages)) == len(settings)
    assert settings.keys() == {f"zai.{d.key}" for d in DECLARED}
    for declaration in DECLARED:
        schema = settings[f"zai.{declaration.key}"]
        default = schema["default"]
        types = {
            "string": str,
            "integer": int,
            "number": int | float,
            "boolean": bool,
            "array": list,
            "object": dict,
        }
        assert isinstance(default, types[schema["type"]])
        assert default in schema.get("enum", [default])
        if "minimum" in schema:
            assert schema["minimum"] <= default <= schema["maximum"]
        assert schema["scope"] == ("machine" if declaration.machine else "window")
    assert vscode.restricted() == [f"zai.{d.key}" for d in DECLARED if d.machine]


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("baseUrl", "general"),
        ("model", "models"),
        ("models.light", "models"),
        ("logFile", "server"),
        ("budget.daily", "quota"),
        ("answers.keep", "other"),
        ("news.kind", "other"),
    ],
)
def test_a_setting_finds_its_page_by_its_first_word(key, page):
    """A new one needs nothing here."""
    assert vscode.section(key) == page


@pytest.mark.parametrize(
    ("doc", "shown"),
    [
        ("before `completion.mode`.", "before `#zai.completion.mode#`."),
        ("such as `zai-ls` or `auto`.", "such as `zai-ls` or `auto`."),
        ('such as `{"test" = "strong"}`.', 'such as `{"test": "strong"}`.'),
    ],
)
def test_documentation_reads_as_in_vscode(doc, shown):
    """Settings are links, tables are JSON."""
    assert vscode.for_vscode(doc) == shown


def test_what_is_written_by_hand_stays_where_it_is():
    """And comes first; what the server no longer has goes."""
    first, last = {"command": "zai-ls.pause"}, {"command": "zai-ls.action.gone"}
    placed = {"command": "zai-ls.explain", "group": "0_explain"}
    shown = [name for name in ACTIONS if name not in vscode.BY_HAND]
    old = {
        "name": "x",
        "contributes": {
            "commands": [last, first],
            "menus": {
                "zai-ls.actions": [placed, last, first],
                "commandPalette": [last, first],
                "editor/context": [{"submenu": "zai-ls.actions"}, last],
            },
            "keybindings": [first],
        },
        "scripts": {"build": "x"},
    }

    made = vscode.package(old)
    contributes, menus = made["contributes"], made["contributes"]["menus"]

    assert list(made) == ["name", "contributes", "scripts", "version", "capabilities"]
    assert contributes["keybindings"] == [first]
    assert menus["editor/context"] == old["contributes"]["menus"]["editor/context"]
    assert [c["command"] for c in contributes["commands"]] == [
        "zai-ls.pause",
        *(f"zai-ls.action.{a}" for a in shown),
    ]
    assert menus["zai-ls.actions"][:2] == [placed, first]
    assert [e["command"].rpartition(".")[2] for e in menus["zai-ls.actions"][2:]] == shown
    assert menus["commandPalette"][0] == first
    assert len(menus["commandPalette"]) == 1 + len(shown)
    assert vscode.package(made) == made


def test_texts_written_by_hand_stay_and_the_language_in_force_too():
    """Only what begins with one of our own prefixes is made anew."""
    made = vscode.nls(
        language.CHINESE, {"displayName": "GLM", "zai.setting.gone": "x", "zai.command.pause": "暂停"}
    )

    assert list(made.items())[:2] == [("displayName", "GLM"), ("zai.command.pause", "暂停")]
    assert "zai.setting.gone" not in made
    assert language.in_use() == language.ENGLISH


def test_a_key_can_be_said_to_belong_to_each_product_on_each_site():
    """A base URL and the plans that go with it; no prices, no quotas, no models."""
    assert [(p["id"], p["baseUrl"], p["plans"]) for p in held("src/generated/products.json")] == [
        ("payg-z.ai", "https://api.z.ai/api/paas/v4", ["payg"]),
        ("plan-z.ai", "https://api.z.ai/api/coding/paas/v4", ["lite", "pro", "max"]),
        ("payg-bigmodel.cn", "https://open.bigmodel.cn/api/paas/v4", ["payg"]),
        ("plan-bigmodel.cn", "https://open.bigmodel.cn/api/coding/paas/v4", ["lite", "pro", "max"]),
    ]
