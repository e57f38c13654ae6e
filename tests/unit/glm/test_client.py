from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from zai_ls.errors import BadReply, BadRequest, TimedOut, Unreachable, ZaiError
from zai_ls.glm.client import _translated

NAMES = {
    httpx.ConnectTimeout: Unreachable,
    httpx.PoolTimeout: Unreachable,
    httpx.ReadTimeout: TimedOut,
    httpx.WriteTimeout: TimedOut,
    httpx.ConnectError: Unreachable,
    httpx.ProxyError: Unreachable,
    httpx.UnsupportedProtocol: Unreachable,
    httpx.ReadError: BadReply,
    httpx.WriteError: BadReply,
    httpx.CloseError: BadReply,
    httpx.RemoteProtocolError: BadReply,
    httpx.LocalProtocolError: BadRequest,
    httpx.DecodingError: BadReply,
    httpx.TooManyRedirects: BadReply,
    httpx.InvalidURL: BadReply,
}


def leaves(kind: type[Exception]) -> set[type[Exception]]:
    below = kind.__subclasses__()
    return {leaf for sub in below for leaf in leaves(sub)} if below else {kind}


def test_each_error_of_httpx_has_a_name_of_ours():
    """None of them gets beyond the wall, and none is called by a wrong name."""
    of_a_status = {httpx.HTTPStatusError}
    assert leaves(httpx.HTTPError) - of_a_status <= set(NAMES)
    for theirs, ours in NAMES.items():
        translated = _translated(theirs("secret detail"))
        assert type(translated) is ours, theirs
        assert "secret" not in str(translated)


def test_other_errors_are_none_of_its_business():
    """A mistake of our own stays what it is."""
    assert _translated(KeyError("x")) is None


@pytest.mark.parametrize(
    ("cause", "detail"),
    [
        (ssl.SSLCertVerificationError("x"), "its certificate is not trusted"),
        (ssl.SSLError("x"), "no secure connection could be agreed on"),
        (socket.gaierror("x"), "no such host"),
        (ConnectionRefusedError("x"), "connection refused"),
        (OSError("x"), "no connection"),
        (None, "no connection"),
    ],
)
def test_why_there_is_no_connection(cause, detail):
    """The innermost cause says it, in words for a person."""
    error = httpx.ConnectError("All attempts failed")
    error.__cause__ = RuntimeError("between")
    error.__cause__.__context__ = cause
    translated = _translated(error)
    assert isinstance(translated, ZaiError)
    assert translated.detail == detail
