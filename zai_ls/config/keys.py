"""Where an API key is found: the environment, a program, the system's keyring.

A key is bound to a host. The service's own variables go with the configured host; the variables of other tools count
only together with their own base URL, and their key goes to that host only.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.config.address import Address, BadAddress, parse
from zai_ls.domain import Secret
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OWN_VARIABLES = ("ZAI_API_KEY", "ZHIPUAI_API_KEY")
"""First one that is set counts."""

PAIRS = (
    ("ANTHROPIC_BASE_URL", ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")),
    ("OPENAI_BASE_URL", ("OPENAI_API_KEY",)),
)
"""Other tools' variables: a base URL, and the keys that may go there."""

SECRET_VARIABLES = frozenset((*OWN_VARIABLES, *(key for _, keys in PAIRS for key in keys)))
"""Never handed to a child process."""

COMMAND_TIMEOUT_S = 10.0
MAX_PRINTED = 64 * 1024
"""Bytes: no key and its notes are longer."""
_GRACE_S = 1.0
KEYRING_TIMEOUT_S = 2.0
KEYRING_SERVICE = "zai-ls"
"""`keyring set zai-ls HOST` stores the key of a host."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key, and where it was found."""

    key: Secret
    source: str
    """For a person: a variable's name, `apiKeyCommand`, `keyring`."""


class KeyCommandFailed(Exception):
    """The program gave no key; its text is a sentence for the person. What the program printed is never in it."""


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* without keys: what any child process gets."""
    return {name: value for name, value in environ.items() if name not in SECRET_VARIABLES}


def in_own_variables(environ: Mapping[str, str]) -> Found | None:
    """The key that goes with the configured host."""
    for name in OWN_VARIABLES:
        if value := environ.get(name, "").strip():
            return Found(Secret(value), name)
    return None


def in_pairs(environ: Mapping[str, str], host: str | None) -> tuple[Address, Found] | None:
    """Another tool's pair of base URL and key, for *host* (any host when None); a bad URL is no pair."""
    for url_name, key_names in PAIRS:
        url = environ.get(url_name, "").strip()
        found = next((Found(Secret(v), n) for n in key_names if (v := environ.get(n, "").strip())), None)
        if not url or found is None:
            continue
        try:
            address = parse(url)
        except BadAddress:
            continue
        if host is None or address.host == host:
            if url_name.startswith("ANTHROPIC"):
                # The variable itself says which dialect, whatever the path: a proxy may serve it at its root.
                address = Address(
                    address.base_url.removesuffix("/v1"), address.host, "anthropic", address.is_local
                )
            return address, found
    return None


def from_command(command: Sequence[str], environ: Mapping[str, str]) -> Found:
    """The first line that *command* prints. Raises `KeyCommandFailed`.

    Runs without a shell, in the home folder so that no workspace can plant the program, with no input to wait for.
    """
    name = _shown(command[0])
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own command, from the person's own places
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(environ),
            cwd=Path.home() if Path.home().is_dir() else Path(os.sep),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a program"
        raise KeyCommandFailed(say("key.command_missing", name=name, why=why)) from None
    ends = time.monotonic() + COMMAND_TIMEOUT_S
    printed = _printed(process, COMMAND_TIMEOUT_S)
    try:
        if printed is None:
            raise subprocess.TimeoutExpired(list(command), COMMAND_TIMEOUT_S)
        if len(printed) > MAX_PRINTED:
            raise KeyCommandFailed(say("key.command_floods", name=name))
        code = process.wait(max(0.0, ends - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise KeyCommandFailed(say("key.command_slow", name=name, seconds=f"{COMMAND_TIMEOUT_S:g}")) from None
    finally:
        _end(process)
    if code:
        raise KeyCommandFailed(say("key.command_failed", name=name, code=code))
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise KeyCommandFailed(say("key.command_silent", name=name))
    return Found(Secret(lines[0].strip()), "apiKeyCommand")


def _printed(process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """What *process* prints, a byte more than a key command may at most; None when that takes longer than *seconds*."""
    pipe = process.stdout
    assert pipe is not None
    printed: list[bytes] = []

    def read() -> None:
        with pipe:
            printed.append(pipe.read(MAX_PRINTED + 1))

    thread = threading.Thread(target=read, name="zai-ls-key-command", daemon=True)
    thread.start()
    thread.join(seconds)
    if not thread.is_alive():
        return printed[0] if printed else b""
    _end(process)
    thread.join(_GRACE_S)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End *process* with all that it has started, and see it gone; nothing is done to one that was seen to end."""
    if process.returncode is None:  # not asked anew: until then its number is nobody else's
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its session is its own, so its group has its number
        else:
            process.kill()
        process.wait()


def _shown(word: str) -> str:
    """The program's name for a sentence, unless it may be a key that was written in the place of a command."""
    is_path = os.sep in word or (os.altsep or os.sep) in word
    return word if is_path or re.fullmatch(r"[a-z0-9._-]{1,20}", word) else told("in apiKeyCommand")


def in_keyring(host: str) -> Found | None:
    """The key that the system's keyring has for *host*; None when there is none, no keyring, or no answer in time.

    A keyring may ask the person to unlock it; it is asked in a thread of its own and left behind when it takes too long.
    """
    answer: list[str | None] = []

    def ask() -> None:
        try:
            import keyring

            with _without_keys():
                answer.append(keyring.get_password(KEYRING_SERVICE, host))
        except Exception:  # noqa: BLE001 - back ends raise what they like; no answer is an answer
            answer.append(None)

    thread = threading.Thread(target=ask, name="zai-ls-keyring", daemon=True)
    thread.start()
    thread.join(KEYRING_TIMEOUT_S)
    value = (answer[0] or "").strip() if answer else ""
    return Found(Secret(value), "keyring") if value else None


@contextmanager
def _without_keys() -> Iterator[None]:
    """Meanwhile no child of this process gets a key by the environment: some keyrings start programs."""
    taken = {name: os.environ.pop(name) for name in SECRET_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def is_sendable(key: Secret) -> bool:
    """Can *key* stand in an HTTP header? Pasted keys bring line breaks, quotes of other alphabets, or blanks."""
    return all(33 <= ord(c) <= 126 for c in key.reveal())
