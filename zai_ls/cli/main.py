"""The command line: which verb, and how its errors reach a person.

A verb is one module with `add_arguments` and `run`, and one line in `VERBS`. Only the verbs that are named are imported.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING, Literal, NamedTuple

from zai_ls import __version__
from zai_ls.cli.exits import BadUse, CannotWrite, Exit, NothingToDo, exit_for
from zai_ls.cli.speaking import speak
from zai_ls.errors import ZaiError
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verb(NamedTuple):
    """Where a verb lives; what it does in a few words is the sentence `verb.NAME`."""

    module: str
    flags: Literal["settings", "settings and log", "none"] = "settings"
    """Which of the flags that are not its own it takes."""


VERBS = {
    "serve": Verb("zai_ls.cli.serve", "settings and log"),
    "run": Verb("zai_ls.cli.run"),
    "score": Verb("zai_ls.cli.score"),
    "quota": Verb("zai_ls.cli.quota"),
    "stats": Verb("zai_ls.cli.stats"),
    "status": Verb("zai_ls.cli.status"),
    "doctor": Verb("zai_ls.cli.doctor"),
    "what-leaves": Verb("zai_ls.cli.what_leaves"),
    "answers": Verb("zai_ls.cli.answers"),
    "pause": Verb("zai_ls.cli.pause"),
    "resume": Verb("zai_ls.cli.resume"),
    "demo": Verb("zai_ls.cli.demo"),
    "emulator": Verb("zai_ls.emulator.command", "none"),
}
"""In the order of the help."""

_OUTPUT_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT})
"""What standard output says when it takes no more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv*; the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter shows another, and nothing breaks.
            stream.reconfigure(errors="replace")
    speak()
    debug = "--debug" in argv
    try:
        args = _parser(argv).parse_args(argv)
        if args.verb is None:
            _parser(argv).print_help()
            return Exit.BAD_USE
        code = importlib.import_module(VERBS[args.verb].module).run(args)
        sys.stdout.flush()
        return int(code)
    except BadUse as error:
        return _fail(str(error), Exit.BAD_USE, debug=debug)
    except ZaiError as error:
        return _fail(error.user_text, exit_for(error), debug=debug)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except NothingToDo as error:
        return _fail(str(error), Exit.DECLINED, debug=debug)
    except CannotWrite as error:
        return _fail(str(error), Exit.CONFLICT, debug=debug)
    except BrokenPipeError:
        _drop_output()
        return Exit.FAILED
    except OSError as error:
        if error.errno not in _OUTPUT_FULL or error.filename is not None:
            return _fault(error, debug=debug)
        _drop_output()
        return _fail(say("cli.output", why=error.strerror), Exit.FAILED, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last wall before a person
        return _fault(error, debug=debug)


def _fault(error: Exception, *, debug: bool) -> int:
    text = say("cli.fault", name=type(error).__name__, detail=error)
    return _fail(text, Exit.FAILED, debug=debug)


def _drop_output() -> None:
    """Nobody can read it any more; keep the interpreter from complaining about that at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(text: str, code: Exit, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"zai-ls: {text}", file=sys.stderr)
    return code


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    from zai_ls.cli.flags import add_common, add_debug

    parser = argparse.ArgumentParser(
        prog="zai-ls",
        description=say("help.program"),
        epilog=say("help.more"),
    )
    parser.add_argument(
        "--version", action="version", version=f"zai-ls {__version__}", help=say("help.version")
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title=say("help.verbs"))
    for name, verb in VERBS.items():
        summary = say(f"verb.{name}")
        about = say("help.about_verb", text=summary[0].upper() + summary[1:])
        sub = verbs.add_parser(name, help=summary, description=about)
        if name in argv:
            importlib.import_module(verb.module).add_arguments(sub)
            if verb.flags == "none":
                add_debug(sub)
            else:
                add_common(sub, logs=verb.flags == "settings and log")
    return parser
