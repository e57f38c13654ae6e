"""Write what the VS Code extension has from the server's declarations; with `--check` only say whether it is in step.

In `package.json` these are the version, the settings, the actions' commands and their places in menus, and which settings a workspace that
nobody trusts yet may not set; all else in it is written by hand and stays. In `package.nls*.json` these are the keys that begin
with `zai.`. Their Chinese comes from the catalogue of sentences (docs/translating.md).
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scripts.made import ROOT, keep, only_checks
from zai_ls import __version__, language
from zai_ls.catalogue import Catalogue
from zai_ls.core.actions import ACTIONS
from zai_ls.messages import told
from zai_ls.settings import DECLARATIONS, SECTION, Declaration
from zai_ls.settings.kinds import (
    Command,
    Kind,
    Number,
    OneOf,
    Patterns,
    Switch,
    Table,
    TableOf,
    Text,
    Whole,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CLIENT = ROOT / "clients" / "vscode"
NLS = {language.ENGLISH: "package.nls.json", language.CHINESE: "package.nls.zh-cn.json"}

OWN = (
    Declaration(
        "server.path",
        Text(),
        "",
        "The zai-ls to start: a path, or a command that is found on the `PATH`. Empty: found, or installed, by the extension.",
        machine=True,
    ),
    Declaration(
        "server.python",
        Text(),
        "",
        "The Python that the extension's own environment for zai-ls is made with. Empty: found.",
        machine=True,
    ),
    Declaration(
        "server.environment", Table(), {}, "Further environment variables for the server.", machine=True
    ),
    Declaration(
        "trace.server",
        OneOf(("off", "messages", "verbose")),
        "off",
        "What is written of the talk between editor and server into the output channel.",
    ),
)
"""Settings of the extension itself, which the server does not read."""

SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "general": ("General", ()),
    "models": ("Models", ("model", "models")),
    "routing": ("Routing", ("routing",)),
    "actions": ("Actions", ("actions", "edits", "languages", "ignore")),
    "completion": ("Completion", ("completion",)),
    "quota": ("Throttle and quota", ("throttle", "budget", "quota")),
    "limits": ("Limits", ("limits", "timeouts")),
    "server": ("Server and log", ("stateDir", "logFile", "log", "server", "trace")),
    "other": ("Other", ()),
}
"""Titles in the settings editor, and the first words of the keys below them; other keys are general, or with a dot in them other."""

ACTION = "zai-ls.action."
SUBMENU = "zai-ls.actions"
BY_HAND = frozenset({"explain", "fix", "test", "instruct"})
"""Actions whose commands the extension has of its own, since they ask for something first or have a better name."""
EDITABLE = "zai-ls.running && editorIsOpen && !activeEditorIsReadonly"
HERE = "the code here"
EXPECTED = "Expected: {accepts}."
PRODUCTS = {"payg": "Pay as you go on {site}", "plan": "Coding Plan on {site}"}


def sentences() -> dict[str, str]:
    """What is to be translated of all this, by id."""
    return {
        **{id_: text for d in OWN for id_, text in d.sentences.items()},
        **{f"section.{name}": title for name, (title, _) in SECTIONS.items()},
        **{f"product.{name}": title for name, title in PRODUCTS.items()},
        "client.here": HERE,
        "client.expected": EXPECTED,
    }


# -- settings ------------------------------------------------------------------------------------------------


def configuration() -> list[dict[str, Any]]:
    """`contributes.configuration`: a page for each section that has settings."""
    pages: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for order, declaration in enumerate((*DECLARATIONS, *OWN)):
        pages[section(declaration.key)][f"{SECTION}.{declaration.key}"] = schema(declaration, order)
    return [
        {"title": f"%zai.section.{name}%", "order": order, "properties": properties}
        for order, (name, properties) in enumerate(pages.items())
        if properties
    ]


def section(key: str) -> str:
    """Where the setting *key* stands."""
    first, dot, _ = key.partition(".")
    named = (name for name, (_, prefixes) in SECTIONS.items() if first in prefixes)
    return next(named, "other" if dot else "general")


def schema(declaration: Declaration, order: int) -> dict[str, Any]:
    """One setting."""
    key = f"{SECTION}.setting.{declaration.key}"
    made = accepted(declaration.kind)
    made["default"] = _default(declaration)
    made["markdownDescription"] = f"%{key}%"
    if isinstance(declaration.kind, OneOf) and declaration.kind.meanings:
        made["enumDescriptions"] = [f"%{key}.{word}%" for word in declaration.kind.choices]
    if "pattern" in made:
        made["patternErrorMessage"] = f"%{key}.accepts%"
    if declaration.key == "actions.disabled":
        made["items"] = {"type": "string", "enum": list(ACTIONS)}
    return {**made, "scope": "machine" if declaration.machine else "window", "order": order}


def accepted(kind: Kind[object]) -> dict[str, Any]:
    """What *kind* accepts, as JSON schema."""
    match kind:
        case Text(pattern=".*") | Command():
            return {"type": "string"}
        case Text(pattern=pattern):
            # `\w`, here always in a class of characters, has all letters in Python, but ASCII ones only in JavaScript.
            letters = pattern.replace(r"\w", r"\p{L}\p{N}_")
            return {"type": "string", "pattern": f"^({letters})$"}
        case OneOf(choices=choices):
            return {"type": "string", "enum": list(choices)}
        case Whole(low=low, high=high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Number(low=low, high=high):
            return {"type": "number", "minimum": _plain(low), "maximum": _plain(high)}
        case Words():
            return {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
        case Patterns():
            return {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
        case Table():
            return {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
        case TableOf(choices=choices):
            return {
                "type": "object",
                "additionalProperties": {"type": "string", "enum": list(choices)},
            }
        case Switch():
            return {"type": "boolean"}
    raise TypeError(f"no JSON schema for {kind!r}")


def _default(declaration: Declaration) -> object:
    if isinstance(declaration.kind, Command):
        return ""  # one string, split as a shell would
    default = declaration.default
    return list(default) if isinstance(default, tuple) else _plain(default)


def _plain(value: object) -> object:
    """*value* as JavaScript writes it: `10.0` is `10`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def restricted() -> list[str]:
    """The settings that a workspace may not set before it is trusted."""
    return [f"{SECTION}.{d.key}" for d in (*DECLARATIONS, *OWN) if d.machine]


# -- the files -----------------------------------------------------------------------------------------------


def package(old: Mapping[str, Any]) -> dict[str, Any]:
    """*old*, the `package.json` as it is, with its generated parts made anew."""
    new: dict[str, Any] = json.loads(json.dumps(old))
    new["version"] = __version__
    contributes = new.setdefault("contributes", {})
    contributes["configuration"] = configuration()
    shown = [name for name in ACTIONS if name not in BY_HAND]
    contributes["commands"] = [
        *(c for c in contributes.get("commands", []) if not c["command"].startswith(ACTION)),
        *({"command": ACTION + name, "title": f"%zai.action.{name}%", "category": "GLM"} for name in shown),
    ]
    menus = contributes.setdefault("menus", {})
    menus[SUBMENU] = [
        *(e for e in menus.get(SUBMENU, []) if not _is_action(e)),
        *({"command": ACTION + name, "group": f"1_actions@{place}"} for place, name in enumerate(shown, 1)),
    ]
    menus["commandPalette"] = [
        *(e for e in menus.get("commandPalette", []) if not _is_action(e)),
        *({"command": ACTION + name, "when": EDITABLE} for name in shown),
    ]
    untrusted = new.setdefault("capabilities", {}).setdefault("untrustedWorkspaces", {})
    untrusted["restrictedConfigurations"] = restricted()
    return new


def _is_action(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("command", "")).startswith(ACTION)


def nls(speaks: str, old: Mapping[str, str]) -> dict[str, str]:
    """*old*, the texts as they are, with the generated ones made anew in the language *speaks*."""
    generated = tuple(f"{SECTION}.{kind}." for kind in ("section", "setting", "action"))
    with speaking(speaks):
        return {key: text for key, text in old.items() if not key.startswith(generated)} | _texts()


def _texts() -> dict[str, str]:
    """The generated texts, in the language in force."""
    here = language.translated("client.here", HERE)
    made = {
        f"zai.section.{name}": language.translated(f"section.{name}", title)
        for name, (title, _) in SECTIONS.items()
        if any(section(d.key) == name for d in (*DECLARATIONS, *OWN))
    }
    for declaration in (*DECLARATIONS, *OWN):
        about = f"zai.setting.{declaration.key}"
        for id_, english in declaration.sentences.items():
            made[f"zai.{id_}"] = for_vscode(language.translated(id_, english))
        made[about] = f"{made[about]}\n\n{expected(declaration.kind)}".rstrip()
        if "pattern" in accepted(declaration.kind):
            made[f"{about}.accepts"] = expected(declaration.kind)
    for name, action in ((n, a) for n, a in ACTIONS.items() if n not in BY_HAND):
        made[f"zai.action.{name}"] = re.sub(r"^GLM(: |：)", "", action.title(here))
    return made


def expected(kind: Kind[object]) -> str:
    """A sentence about what *kind* accepts; empty where the settings editor shows all of it."""
    if kind == Text() or isinstance(kind, OneOf | Switch | Command):
        return ""
    return language.translated("client.expected", EXPECTED).format(accepts=told(kind.accepts))


def for_vscode(doc: str) -> str:
    """*doc* with links to other settings, and with tables as JSON has them."""
    keys = {d.key for d in (*DECLARATIONS, *OWN)}
    linked = re.sub(r"`([\w.]+)`", lambda m: f"`#{SECTION}.{m[1]}#`" if m[1] in keys else m[0], doc)
    return linked.replace('" = "', '": "')


def products() -> list[dict[str, Any]]:
    """What a key can belong to, for a person to pick."""
    catalogue = Catalogue.load()
    made = []
    for endpoint in catalogue.endpoints:
        if endpoint.dialect != "openai":
            continue  # the same product in other words
        site = ".".join(endpoint.host.split(".")[-2:])
        made.append(
            {
                "id": f"{endpoint.product}-{site}",
                "title": _product(language.ENGLISH, endpoint.product, site),
                "titleZhCn": _product(language.CHINESE, endpoint.product, site),
                "baseUrl": endpoint.base_url,
                "plans": [p for p in catalogue.plans if (p == "payg") == (endpoint.product == "payg")],
            }
        )
    return made


def _product(speaks: str, product: str, site: str) -> str:
    with speaking(speaks):
        return language.translated(f"product.{product}", PRODUCTS[product]).format(site=site)


@contextmanager
def speaking(speaks: str) -> Iterator[None]:
    """*speaks* is in force inside."""
    before = language.in_use()
    language.use(speaks)
    try:
        yield
    finally:
        language.use(before)


def files() -> dict[Path, str]:
    """What each file should hold."""
    made: dict[Path, object] = {CLIENT / "package.json": package(_read("package.json"))}
    for speaks, name in NLS.items():
        made[CLIENT / name] = nls(speaks, _read(name))
    made[CLIENT / "src" / "generated" / "products.json"] = products()
    made[CLIENT / "src" / "generated" / "environment.json"] = {
        d.key: d.env for d in DECLARATIONS if d.machine
    }
    return {path: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for path, value in made.items()}


def _read(name: str) -> dict[str, Any]:
    path = CLIENT / name
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def main() -> int:
    made = {path: text.encode() for path, text in files().items()}
    return keep(made, "make docs", check=only_checks(__doc__))


if __name__ == "__main__":
    sys.exit(main())
