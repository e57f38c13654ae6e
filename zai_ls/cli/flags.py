"""Flags that every verb takes: settings for this call, and how much to say."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.cli.printing import note
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.config import Config
    from zai_ls.domain import Account

_FLAGS = {
    "base_url": "baseUrl",
    "plan": "plan",
    "state_dir": "stateDir",
}
_LOG_FLAGS = {"log_file": "logFile", "log_level": "log.level"}
"""Of the one verb that runs long enough to have a log."""


def add_common(parser: argparse.ArgumentParser, *, logs: bool = False) -> None:
    """Add them, as a group of their own at the end of the help; *logs*: also where the log goes."""
    group = parser.add_argument_group(say("help.settings"))
    group.add_argument("--base-url", metavar="URL", help=say("help.base_url"))
    group.add_argument("--plan", metavar="PLAN", help=say("help.plan"))
    group.add_argument("--state-dir", metavar="DIR", help=say("help.state_dir"))
    if logs:
        group.add_argument("--log-file", metavar="FILE", help=say("help.log_file"))
        group.add_argument("--log-level", metavar="LEVEL", help=say("help.log_level"))
    group.add_argument("--config", metavar="FILE", help=say("help.config"))
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=say("help.set"),
    )
    add_debug(group)


def add_debug(parser: argparse._ActionsContainer) -> None:
    """The flag that every verb has."""
    parser.add_argument("--debug", action="store_true", help=say("help.debug"))


def as_settings(args: argparse.Namespace) -> dict[str, object]:
    """The flags of *args* as settings by key. Raises `BadUse`."""
    settings: dict[str, object] = {}
    for pair in args.set:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise BadUse(say("cli.bad_set", given=pair))
        settings[key.strip()] = _value(value)
    for name, key in (_FLAGS | _LOG_FLAGS).items():
        if getattr(args, name, None) is not None:
            settings[key] = getattr(args, name)
    return settings


def configuration(args: argparse.Namespace, *, find_key: bool = True) -> Config:
    """What is configured for this call; a flag that is not accepted is bad use, not a warning.

    Whoever does not show `problems` to the person in another way calls `tell_problems`.
    """
    from zai_ls.config import load
    from zai_ls.settings import Origin

    if args.config and not Path(args.config).expanduser().exists():
        raise BadUse(say("cli.no_config", path=args.config))
    environ = {**os.environ, "ZAI_CONFIG": args.config} if args.config else os.environ
    config = load(as_settings(args), environ=environ, find_key=find_key)
    wrong = next((p for p in config.problems if p.origin is Origin.FLAGS), None)
    if wrong is not None:
        raise BadUse(wrong.text)
    return config


def tell_problems(config: Config, *, account: bool = True) -> None:
    """Say what is wrong with the configuration, each thing once. *account*: why there is none is said by `account_of`."""
    said_later = config.no_account.user_text if account and config.no_account is not None else ""
    for problem in config.problems:
        if problem.text != said_later:
            note(problem.text)
    named = os.environ.get("ZAI_CONFIG", "").strip()
    if named and Path(named).expanduser() == config.user_file and not config.user_file.exists():
        note(say("cli.config_missing", path=config.user_file))


def require_user_file(config: Config) -> None:
    """Send nothing while one's own file cannot be read: it may switch things off. Raises `BadUse`."""
    broken = next((p for p in config.problems if p.kind == "file"), None)
    if broken is not None:
        raise BadUse(say("cli.broken_config", why=broken.text))


def for_project(config: Config, path: Path) -> Config:
    """*config* as the project of the file *path* tightens it; what is wrong with the project's file is said."""
    from zai_ls.config import project_root, tighten

    root = project_root(path)
    if root is None:
        return config
    settings, problems = tighten(config.settings, root)
    for problem in problems:
        note(problem.text)
    return replace(config, settings=settings)


def account_of(config: Config) -> Account:
    """The account, or the error that says why there is none."""
    if config.account is None:
        assert config.no_account is not None
        raise config.no_account
    return config.account


def _value(text: str) -> object:
    """JSON or TOML where it is that, so that lists and tables can be given as in either file; else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    if text[:1] not in "[{":
        return text
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
