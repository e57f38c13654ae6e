"""Configuration: settings, account and key, and where each of them came from.

Flags win over the environment, the environment over the editor, the editor over the user file, that over the default.
Host and key never come from the editor or a workspace, and a key goes to the host it was meant for or nowhere:
when the place that may name the host cannot be read, there is no account.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.config import keys
from zai_ls.config.address import Address, BadAddress, parse
from zai_ls.config.files import (
    CATALOGUE_FILE,
    default_state_dir,
    odd_entries,
    project_above,
    project_root,
    read_layer,
    read_overlay,
    tighten,
    user_file,
)
from zai_ls.domain import Account, Secret
from zai_ls.errors import NoKey, ZaiError
from zai_ls.messages import say
from zai_ls.settings import DECLARATIONS, Layer, Origin, Problem, Settings, merge, origins

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Config",
    "NotConfigured",
    "default_state_dir",
    "load",
    "project_above",
    "project_root",
    "tighten",
    "user_file",
]


class NotConfigured(ZaiError):
    """There is no account, for a reason other than a missing key."""

    message_id = "config.no_account"
    scope = "account"


@dataclass(frozen=True, slots=True)
class Config:
    """What is configured. Its `repr` holds no key."""

    account: Account | None
    """None when there is no key or no usable host; `no_account` says which."""
    settings: Settings
    problems: tuple[Problem, ...]
    sources: Mapping[str, str]
    """Where each value came from, by key; `key` is where the API key came from. Never the key itself."""
    user_file: Path
    state_dir: Path
    no_account: ZaiError | None = None
    """Why there is no account."""
    overlay: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The person's own catalogue: models, plans, prices and codes that go on top of the shipped ones."""
    layers: tuple[Layer, ...] = field(default=(), repr=False)
    _environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    _broken: Problem | None = field(default=None, repr=False)

    def with_editor(self, values: Mapping[str, object]) -> Config:
        """The same with the editor's settings, which may come late and change; host and key stay as they are."""
        layers = [layer for layer in self.layers if layer.origin is not Origin.EDITOR]
        layers.append(Layer(Origin.EDITOR, values))
        layers.sort(key=lambda layer: list(Origin).index(layer.origin))
        settings, problems = merge(layers)
        places = {key: str(origin) for key, origin in origins(layers).items()}
        return replace(
            self,
            settings=settings,
            problems=_each_once(
                *(p for p in self.problems if p.kind in _FOUND_ONCE),
                *problems,
                *odd_entries(settings, places),
            ),
            sources={**self.sources, **places},
            account=replace(self.account, slots=settings.slots) if self.account else None,
            layers=tuple(layers),
        )

    def with_key(self) -> Config:
        """The same after key command and keyring were asked too, which may take seconds: for a thread."""
        return _resolve(self.layers, self._environ, self.user_file, self._broken, find_key=True)


_FOUND_ONCE = frozenset({"file", "key", "url", "catalogue"})
"""Kinds of problems that no editor's settings can cause or cure."""


def load(
    flags: Mapping[str, object] | None = None,
    *,
    editor: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    find_key: bool = True,
) -> Config:
    """Read everything.

    *flags* are settings by dotted key. *find_key* False asks neither key command nor keyring, which may take seconds.
    """
    # Our own copy: while a keyring is asked, the process's has no keys in it.
    environ = dict(os.environ) if environ is None else environ
    path = user_file(environ)
    file_layer, broken = read_layer(path, Origin.USER_FILE)
    layers = (
        file_layer,
        Layer(Origin.EDITOR, editor or {}),
        Layer(
            Origin.ENVIRONMENT,
            {d.key: environ[d.env] for d in DECLARATIONS if environ.get(d.env, "").strip()},
        ),
        Layer(Origin.FLAGS, flags or {}),
    )
    return _resolve(layers, environ, path, broken, find_key=find_key)


def _resolve(
    layers: tuple[Layer, ...],
    environ: Mapping[str, str],
    path: Path,
    broken: Problem | None,
    *,
    find_key: bool,
) -> Config:
    settings, setting_problems = merge(layers)
    sources = {key: str(origin) for key, origin in origins(layers).items()}
    setting_problems = (*setting_problems, *odd_entries(settings, sources))
    overlay, overlay_problems = read_overlay(path.with_name(CATALOGUE_FILE))
    found: list[Problem] = [*([broken] if broken else []), *overlay_problems]
    account: Account | None = None
    no_account: ZaiError | None = None
    try:
        _require_known_host(setting_problems, broken, sources)
        account, source = _account(settings, sources, environ, path, find_key=find_key)
        sources["key"] = source
    except ZaiError as error:
        no_account = error
        if not isinstance(error, NoKey):
            found.append(Problem("baseUrl", "url", error.user_text, Origin(sources["baseUrl"])))
    except keys.KeyCommandFailed as error:
        no_account = NotConfigured(str(error))
        found.append(Problem("apiKeyCommand", "key", str(error), Origin(sources["apiKeyCommand"])))
    return Config(
        account=account,
        settings=settings,
        problems=_each_once(*found, *setting_problems),
        sources=sources,
        user_file=path,
        state_dir=Path(settings.state_dir).expanduser() if settings.state_dir else default_state_dir(),
        no_account=no_account,
        overlay=overlay,
        layers=layers,
        _environ=environ,
        _broken=broken,
    )


def _require_known_host(
    problems: tuple[Problem, ...], broken: Problem | None, sources: Mapping[str, str]
) -> None:
    """Falling back would send a key to a host it was not meant for, past a proxy, or beside the shared slot."""
    stopping = next((p for p in problems if p.stops), None)
    if stopping is not None:
        raise NotConfigured(stopping.text)
    if broken is not None and sources["baseUrl"] == Origin.DEFAULT:
        raise NotConfigured(say("config.host_unknown", why=broken.text))


def _account(
    settings: Settings, sources: Mapping[str, str], environ: Mapping[str, str], path: Path, *, find_key: bool
) -> tuple[Account, str]:
    chosen = sources["baseUrl"] != Origin.DEFAULT
    try:
        address = parse(settings.base_url)
    except BadAddress as bad:
        where = Origin(sources["baseUrl"]).phrase
        raise NotConfigured(say("config.bad_url", where=where, why=bad)) from None
    found = _own_key(settings, sources, environ, find_key=find_key)
    if found is None and (pair := keys.in_pairs(environ, address.host if chosen else None)):
        theirs, found = pair
        address = address if chosen else theirs
    if found is None and find_key:
        found = keys.in_keyring(address.host)
    if found is None and address.is_local:
        found = keys.Found(Secret(""), "not needed on this machine")
    if found is None:
        raise NoKey(host=address.host, path=str(path))
    if not keys.is_sendable(found.key):
        raise NotConfigured(say("key.malformed", source=found.source))
    account = Account(
        label=settings.account or _label(found.key, address),
        base_url=address.base_url,
        dialect=address.dialect,
        key=found.key,
        plan=settings.plan,
        slots=settings.slots,
        proxy=settings.proxy or None,
    )
    return account, found.source


def _own_key(
    settings: Settings, sources: Mapping[str, str], environ: Mapping[str, str], *, find_key: bool
) -> keys.Found | None:
    """The key for the configured host: from a command given as a flag, else a variable, else the configured command."""
    in_environment = keys.in_own_variables(environ)
    if settings.api_key_command and find_key:
        from_flags = sources["apiKeyCommand"] == Origin.FLAGS
        if from_flags or in_environment is None:
            return keys.from_command(settings.api_key_command, environ)
    return in_environment


def _each_once(*problems: Problem) -> tuple[Problem, ...]:
    """A sentence that two checks come to is read once; the first of them says how grave it is."""
    return tuple({problem.text: problem for problem in reversed(problems)}.values())[::-1]


def _label(key: Secret, address: Address) -> str:
    return hashlib.sha256(f"{key.reveal()}\0{address.host}".encode()).hexdigest()[:12]
