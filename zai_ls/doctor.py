"""What can be wrong with a set-up, one check a function; each finding says what to do.

A check takes the `Patient` and yields findings; it never raises for what it looks for. A new one is a function with `@check`.
Nothing here costs quota: the service is asked for its list of models, which is free.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from zai_ls import __version__
from zai_ls.errors import AuthFailed, BadReply, NoBalance, PlanEnded, ServiceError, ZaiError
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.clock import Clock
    from zai_ls.config import Config

Severity = Literal["error", "warning", "note", "fine"]

_SKEW_S = 60.0
"""Reset times are told in the service's time; below this a difference does no harm."""

_NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "fuse.sshfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "fuse.glusterfs",
        "lustre",
    }
)
_MAX_ANSWER = 1 << 20
LOCKED_S = 2.0
"""Longest wait for another program that holds a database."""
_DAMAGE = frozenset({0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is as it should be, or is not."""

    severity: Severity
    check: str
    text: str
    """What is so, what it means, what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said to a free request."""

    error: ZaiError | None
    date: str
    """Its `Date` header."""
    asked_at: float
    """Our time, in the middle of the exchange."""


@dataclass(slots=True)
class Patient:
    """What is examined."""

    config: Config
    clock: Clock
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    root: Path = field(default_factory=lambda: Path(os.sep))
    """Where the system's own files are looked for."""
    _answer: Answer | None = None

    def answer(self) -> Answer | None:
        """What the service says, asked once; None without an account."""
        if self._answer is None and self.config.account is not None:
            self._answer = asyncio.run(_ask(self))
        return self._answer


Check = Callable[[Patient], Iterator[Finding]]
CHECKS: dict[str, Check] = {}
"""All checks by name, in the order they are made."""


def check(name: str) -> Callable[[Check], Check]:
    """Register a check."""

    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


def examine(patient: Patient) -> list[Finding]:
    """Make all checks; a check that fails itself is a finding, and the others go on."""
    findings: list[Finding] = []
    for name, function in CHECKS.items():
        try:
            findings.extend(function(patient))
        except Exception as error:  # noqa: BLE001 - one broken check must not hide what the others find
            text = say("doctor.broken", check=told(name), name=type(error).__name__, detail=error)
            findings.append(Finding("warning", name, text))
    return findings


# -- the checks ---------------------------------------------------------------------------------------------


@check("version")
def _version(_patient: Patient) -> Iterator[Finding]:
    """Which program this is: the first thing a bug report needs."""
    python = ".".join(map(str, sys.version_info[:3]))
    text = say(
        "doctor.version", version=__version__, python=python, sqlite=sqlite3.sqlite_version, os=sys.platform
    )
    yield Finding("fine", "version", text)


@check("settings")
def _settings(patient: Patient) -> Iterator[Finding]:
    """Settings that are not accepted, and where settings are read from."""
    config = patient.config
    for problem in config.problems:
        yield Finding(
            "error" if problem.kind in {"file", "url", "key"} else "warning", "settings", problem.text
        )
    if not config.problems:
        known = "doctor.settings" if config.user_file.exists() else "doctor.settings_none"
        yield Finding("fine", "settings", say(known, path=config.user_file))
    if config.user_file.is_file() and _others_may(config.user_file, stat.S_IWGRP | stat.S_IWOTH):
        text = say("doctor.file_writable", path=config.user_file, quoted=_quoted(config.user_file))
        yield Finding("warning", "settings", text)


@check("key")
def _key(patient: Patient) -> Iterator[Finding]:
    """Is there a key, and does it look like one of the service?"""
    config = patient.config
    if config.account is None:
        assert config.no_account is not None
        if not any(p.kind in {"file", "url", "key"} for p in config.problems):
            yield Finding("error", "key", config.no_account.user_text)
        yield from _unpaired(patient.environ)
        return
    if config.account.key.reveal():
        text = say("doctor.key", source=told(config.sources["key"]), host=_host(config))
    else:
        text = say("doctor.keyless", host=_host(config))
    yield Finding("fine", "key", text)
    if _is_vendor(config) and config.account.key.reveal().count(".") != 1:
        yield Finding("warning", "key", say("doctor.key_form", host=_host(config)))


@check("product")
def _product(patient: Patient) -> Iterator[Finding]:
    """Do plan and base URL speak of the same product?"""
    config = patient.config
    if config.account is None or not _is_vendor(config):
        return
    from zai_ls.catalogue import Catalogue

    endpoint = Catalogue.load().endpoint(config.account.base_url)
    plan = config.account.plan
    if endpoint is None:
        yield Finding("warning", "product", say("doctor.path_unknown", url=config.account.base_url))
    elif endpoint.product == "payg" and plan != "payg":
        yield Finding("error", "product", say("doctor.plan_on_payg", plan=plan, host=endpoint.host))
    elif endpoint.product == "plan" and plan == "payg":
        yield Finding("warning", "product", say("doctor.payg_on_plan", url=config.account.base_url))


@check("service")
def _service(patient: Patient) -> Iterator[Finding]:
    """Does the service answer, and does it take the key?"""
    answer = patient.answer()
    if answer is None:
        return
    host = _host(patient.config)
    match answer.error:
        case None:
            yield Finding("fine", "service", say("doctor.service", host=host))
        case AuthFailed() | NoBalance() | PlanEnded() as error:
            yield Finding("error", "service", error.user_text)
        case ServiceError() | BadReply() as error:
            # It answered; not every compatible host has a list of models.
            yield Finding(
                "note", "service", say("doctor.service_odd", host=host, code=error.code or told("no list"))
            )
        case error:
            yield Finding("error", "service", error.user_text)


@check("clock")
def _clock(patient: Patient) -> Iterator[Finding]:
    """Does this machine's clock agree with the service's?"""
    answer = patient.answer()
    if answer is None or not answer.date:
        return
    try:
        theirs = parsedate_to_datetime(answer.date).timestamp()
    except ValueError:
        return
    off = answer.asked_at - theirs
    if abs(off) > _SKEW_S:
        way = "ahead" if off > 0 else "behind"
        yield Finding("warning", "clock", say("doctor.clock", seconds=f"{abs(off):.0f}", way=told(way)))
    else:
        yield Finding("fine", "clock", say("doctor.clock_fine"))


@check("state folder")
def _state_folder(patient: Patient) -> Iterator[Finding]:
    """Can the shared state be written, by its owner only?"""
    folder = patient.config.state_dir
    first = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    if not first.is_dir() or not os.access(first, os.W_OK | os.X_OK):
        yield Finding(
            "error",
            "state folder",
            say("error.state", path=folder, detail=say("doctor.unwritable", path=first)),
        )
        return
    if folder.exists() and _others_may(folder, stat.S_IRWXG | stat.S_IRWXO):
        text = say("doctor.state_readable", path=folder, quoted=_quoted(folder))
        yield Finding("error", "state folder", text)
    else:
        yield Finding("fine", "state folder", say("doctor.state", path=folder))
    kind = _file_system(patient.root, first)
    if kind in _NETWORK_FILE_SYSTEMS:
        yield Finding("warning", "state folder", say("doctor.state_network", path=folder, kind=kind))


@check("shared with your editors")
def _shared(patient: Patient) -> Iterator[Finding]:
    """Is the state folder the one that programs outside this box use? One in flight holds within one folder only."""
    box = _box(patient)
    if box:
        yield Finding(
            "note",
            "shared with your editors",
            say("doctor.box", box=told(box), path=patient.config.state_dir),
        )


@check("database")
def _database(patient: Patient) -> Iterator[Finding]:
    """Are the databases sound?"""
    folder = patient.config.state_dir
    for path in sorted(folder.glob("*.db")) if folder.is_dir() else ():
        wrong = _wrong_with(path)
        if wrong:
            yield Finding("error", "database", wrong)
        else:
            yield Finding("fine", "database", say("doctor.database_fine", path=path))
        if path.is_file() and _others_may(path, stat.S_IRWXG | stat.S_IRWXO):
            text = say("doctor.file_readable", path=path, quoted=_quoted(path))
            yield Finding("warning", "database", text)


@check("proxy")
def _proxy(patient: Patient) -> Iterator[Finding]:
    """Which proxy requests take."""
    proxy = patient.config.settings.proxy
    if proxy:
        shown = urlsplit(proxy)
        yield Finding(
            "fine",
            "proxy",
            say("doctor.proxy", proxy=f"{shown.scheme}://{shown.hostname}:{shown.port or ''}"),
        )


@check("log")
def _log(patient: Patient) -> Iterator[Finding]:
    """Can the log be written?"""
    from zai_ls.state.folder import why_unsafe

    settings = patient.config.settings
    if settings.log_file:
        folder = Path(settings.log_file).expanduser().resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            yield Finding("error", "log", say("doctor.log", path=settings.log_file))
        elif why := why_unsafe(Path(settings.log_file).expanduser(), links=True):
            yield Finding("error", "log", say("serve.log_unusable", path=settings.log_file, why=why))


# -- looking ------------------------------------------------------------------------------------------------


async def _ask(patient: Patient) -> Answer:
    """The list of models: free, and it needs the key."""
    from zai_ls.glm.client import Client, Timeouts
    from zai_ls.glm.refusals import classify, is_refusal
    from zai_ls.glm.scrubbing import scrub

    account = patient.config.account
    assert account is not None
    client = Client(
        patient.clock, f"zai-ls/{__version__}", timeouts=Timeouts(8, 10, 10, 20), environ=patient.environ
    )
    path = "/v1/models" if account.dialect == "anthropic" else "/models"
    error: ZaiError | None = None
    date, began = "", patient.clock.now()
    try:
        async with client.stream(account, "GET", path, [("accept-language", "en-US,en")], b"") as response:
            date = response.headers.get("date", "")
            body = await response.read(_MAX_ANSWER)
        if response.status >= 400 or is_refusal(_json(body)):
            error = classify(response.status, body, host=_host(patient.config), model="", now=began)
    except ZaiError as failure:
        error = failure
    finally:
        await client.aclose()
    if error is not None:
        scrub(error, account.key)
    return Answer(error, date, (began + patient.clock.now()) / 2)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _host(config: Config) -> str:
    assert config.account is not None
    return urlsplit(config.account.base_url).netloc


def _is_vendor(config: Config) -> bool:
    from zai_ls.catalogue import Catalogue

    return config.account is not None and Catalogue.load().is_vendor(config.account.base_url)


def _unpaired(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Keys of other tools that do not count, which people expect to."""
    from zai_ls.config.keys import PAIRS

    for url, names in PAIRS:
        for name in names:
            if environ.get(name) and not environ.get(url):
                yield Finding("note", "key", say("doctor.unpaired", name=name, url=url))


def _others_may(path: Path, mask: int) -> bool:
    """Do group or others have any right of *mask* on *path*? Windows has no such bits."""
    return os.name == "posix" and bool(path.stat().st_mode & mask)


def _file_system(root: Path, path: Path) -> str:
    """The kind of file system that *path* lies on, as Linux tells it; empty elsewhere."""
    try:
        lines = (root / "proc" / "mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if path.resolve().is_relative_to(point) and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind


def _box(patient: Patient) -> str:
    """What keeps this process apart from the person's other programs; empty when nothing is known to."""
    environ, root = patient.environ, patient.root
    if environ.get("FLATPAK_ID") or (root / ".flatpak-info").exists():
        return "a Flatpak"
    if environ.get("SNAP"):
        return "a snap"
    if (
        (root / ".dockerenv").exists()
        or (root / "run" / ".containerenv").exists()
        or environ.get("container")
    ):
        return "a container"
    if environ.get("WSL_DISTRO_NAME"):
        return "WSL"
    if environ.get("SSH_CONNECTION"):
        return "an SSH session"
    return ""


def _wrong_with(path: Path) -> str:
    """What keeps zai-ls from using the database *path*, and what becomes of it, as a sentence; empty when nothing does."""
    if not path.is_file():
        return say("doctor.database_no_file", path=path)
    ours = stat.S_IRUSR | stat.S_IWUSR
    if not os.access(path, os.R_OK | os.W_OK) or path.stat().st_mode & ours != ours:
        return say("doctor.database_closed", path=path, quoted=_quoted(path))
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCKED_S)
        ) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        # Only damage makes zai-ls begin it anew; what is locked or cannot be opened stays as it is.
        damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
        return say("doctor.database" if damaged else "doctor.database_unusable", path=path, why=error)
    return "" if said == "ok" else say("doctor.database", path=path, why=said)


def _quoted(path: Path) -> str:
    """*path* as a shell takes it."""
    return shlex.quote(str(path))
