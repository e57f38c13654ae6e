"""The command line's language: the environment's, where the terminal can show it."""

from __future__ import annotations

import argparse
import gettext
import os
import sys

from zai_ls import language
from zai_ls.messages import say

_LETTERS = {language.CHINESE: "中文，"}
"""What a terminal must be able to show."""
_OWN = {
    "usage: ": "argparse.usage",
    "positional arguments": "argparse.positional",
    "options": "argparse.options",
    "show this help message and exit": "argparse.help",
    "%(prog)s: error: %(message)s\n": "argparse.error",
    "unrecognized arguments: %s": "argparse.unrecognized",
    "the following arguments are required: %s": "argparse.required",
    "expected one argument": "argparse.one",
    "expected at most one argument": "argparse.at_most_one",
    "expected at least one argument": "argparse.at_least_one",
    "argument %(argument_name)s: %(message)s": "argparse.argument",
    "invalid %(type)s value: %(value)r": "argparse.value",
    "invalid choice: %(value)r (choose from %(choices)s)": "argparse.choice",
    "not allowed with argument %s": "argparse.not_with",
    "ambiguous option: %(option)s could match %(matches)s": "argparse.ambiguous",
}
"""What argparse says by itself, as it asks gettext for it."""


def speak() -> None:
    """Put the person's language in force; English for a terminal that would show question marks instead of its letters."""
    chosen = language.of_environment(os.environ)
    letters = _LETTERS.get(chosen, "")
    shown = all(_shows(letters, stream) for stream in (sys.stdout, sys.stderr))
    language.use(chosen if shown else language.ENGLISH)
    argparse._ = _own  # type: ignore[attr-defined]  # it looks its own words up in a catalogue that it has not


def _own(text: str) -> str:
    message_id = _OWN.get(text)
    return gettext.gettext(text) if message_id is None else say(message_id)


def _shows(letters: str, stream: object) -> bool:
    try:
        letters.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True
