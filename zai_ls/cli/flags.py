"""Flags that every verb takes: settings for this call, and how much to say."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse

    from zai_ls.config import Config
    from zai_ls.domain import Account

_FLAGS = {
    "base_url": "baseUrl",
    "plan": "plan",
    "state_dir": "stateDir",
    "log_file": "logFile",
    "log_level": "log.level",
}


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add them, as a group of their own at the end of the help."""
    group = parser.add_argument_group("settings for this call")
    group.add_argument("--base-url", metavar="URL", help="the API base URL of the service")
    group.add_argument("--plan", metavar="PLAN", help="payg, lite, pro or max")
    group.add_argument("--state-dir", metavar="DIR", help="where the shared state lies")
    group.add_argument("--log-file", metavar="FILE", help="where the log goes; default: standard error")
    group.add_argument("--log-level", metavar="LEVEL", help="error, warning, info or debug")
    group.add_argument("--config", metavar="FILE", help="read this file instead of your own config file")
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="any setting, such as limits.contextTokens=8000",
    )
    group.add_argument("--debug", action="store_true", help="show tracebacks")


def as_settings(args: argparse.Namespace) -> dict[str, object]:
    """The flags of *args* as settings by key. Raises `BadUse`."""
    settings: dict[str, object] = {}
    for pair in args.set:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise BadUse(say("cli.bad_set", given=pair))
        settings[key.strip()] = _value(value)
    for name, key in _FLAGS.items():
        if getattr(args, name) is not None:
            settings[key] = getattr(args, name)
    return settings


def configuration(args: argparse.Namespace, *, find_key: bool = True) -> Config:
    """What is configured for this call; a flag that is not accepted is bad use, not a warning."""
    from zai_ls.config import load
    from zai_ls.settings import Origin

    environ = {**os.environ, "ZAI_CONFIG": args.config} if args.config else os.environ
    config = load(as_settings(args), environ=environ, find_key=find_key)
    wrong = next((p for p in config.problems if p.origin is Origin.FLAGS), None)
    if wrong is not None:
        raise BadUse(wrong.text)
    return config


def account_of(config: Config) -> Account:
    """The account, or the error that says why there is none."""
    if config.account is None:
        assert config.no_account is not None
        raise config.no_account
    return config.account


def _value(text: str) -> object:
    """JSON where it is JSON, so that lists and tables can be given; else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
