"""The service's address: which base URLs are taken, which dialect they speak, which host a key belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from zai_ls.catalogue import dialect_of, is_this_machine
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.domain import DialectName

_ENDPOINTS = ("/chat/completions", "/v1/messages")
"""What people paste along with the base; the client adds it itself."""


class BadAddress(ValueError):
    """A URL that no request is sent to; its text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go."""

    base_url: str
    """Without a trailing slash."""
    host: str
    """Lower case, with the port when the URL names one: what a key is bound to."""
    dialect: DialectName
    is_local: bool
    """This machine's own address: may be plain http, needs no key."""


def parse(url: str) -> Address:
    """*url* as an address. Raises `BadAddress`."""
    try:
        parts = urlsplit(url.strip())
        name, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise BadAddress(say("address.malformed")) from None
    if parts.scheme not in {"http", "https"} or not name or any(c.isspace() for c in url.strip()):
        raise BadAddress(say("address.malformed"))
    if parts.username is not None or parts.password is not None:
        raise BadAddress(say("address.credentials"))
    if parts.query or parts.fragment:
        raise BadAddress(say("address.query"))
    local = is_this_machine(name)
    if parts.scheme == "http" and not local:
        raise BadAddress(say("address.plain_http", host=name))
    path = parts.path.rstrip("/")
    for endpoint in _ENDPOINTS:
        path = path.removesuffix(endpoint)
    dialect = dialect_of(path)
    if dialect == "anthropic":
        path = path.removesuffix("/v1")
    host = f"[{name}]" if ":" in name else name
    host += f":{port}" if port is not None else ""
    return Address(f"{parts.scheme}://{host}{path}", host, dialect, local)
