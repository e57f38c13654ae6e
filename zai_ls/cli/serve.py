"""`zai-ls serve`: the language server, over stdio unless told otherwise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How the editor talks to the server."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help=say("help.stdio"))
    where.add_argument("--tcp", metavar="HOST:PORT", help=say("help.tcp"))
    where.add_argument("--ws", metavar="HOST:PORT", help=say("help.ws"))


def run(args: argparse.Namespace) -> int:
    """Serve until the editor leaves; the exit code the protocol asks for."""
    tcp = address(args.tcp) if args.tcp else None
    ws = address(args.ws) if args.ws else None
    from zai_ls.cli import serving
    from zai_ls.cli.flags import as_settings, configuration

    # Finding the key may take seconds (a command, a keyring): `initialize` does not wait for it.
    read = partial(configuration, args, find_key=False)
    if as_settings(args):
        read()  # a flag that is not accepted ends it here; what else is wrong is said in the editor's language
    return serving.serve(read, tcp=tcp, ws=ws)


def address(text: str) -> tuple[str, int]:
    """`HOST:PORT` in its parts; the host may be left out. Raises `BadUse`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise BadUse(say("cli.bad_address", given=text))
    return host.strip("[]") or "127.0.0.1", int(port)
