"""Which language a person reads, and the catalogue of its sentences.

One language is in force in a process: English until `use` says otherwise. Its catalogue, made by standard gettext, is read
with the first sentence that is wanted; English has none. What cannot be understood or read means English, never an error.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from gettext import NullTranslations

ENGLISH = "en"
CHINESE = "zh_CN"
"""Simplified Chinese."""

DOMAIN = "zai_ls"
CATALOGUES = Path(__file__).parent / "locale"

_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*(?:[.@].*)?", re.IGNORECASE)
_SPEAKS = {"en": ENGLISH, "zh": CHINESE, "cmn": CHINESE}
"""Each of our languages by the first part of its tags: whoever reads Traditional Chinese is helped more by Simplified Chinese than
by English."""
_UNTRANSLATED = re.compile(r"(C|POSIX)(\..*)?")
"""Locales in which gettext translates nothing, whatever `LANGUAGE` says."""

_in_force = ENGLISH
_catalogue: NullTranslations | None = None


def spoken(tag: object) -> str:
    """The language of ours that *tag* means, such as `zh-Hans` or `zh_CN.UTF-8`; empty when there is none."""
    match = _TAG.fullmatch(tag.strip()) if isinstance(tag, str) else None
    return _SPEAKS.get(match[1].lower(), "") if match else ""


def of_editor(locale: object, environ: Mapping[str, str]) -> str:
    """The language for an editor whose *locale* this is; one that names none has its environment's."""
    if not isinstance(locale, str) or not locale.strip():
        return of_environment(environ)
    return spoken(locale) or ENGLISH


def of_environment(environ: Mapping[str, str]) -> str:
    """The language that the variables of *environ* ask for, by the rules of gettext.

    The locale is the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set. `LANGUAGE` goes before it, a list of which the
    first that we have counts, unless the locale is `C` or `POSIX`.
    """
    locale = next((v for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environ.get(name, ""))), "")
    if _UNTRANSLATED.fullmatch(locale):
        return ENGLISH
    wanted = environ.get("LANGUAGE", "") or locale
    return next((ours for tag in wanted.split(":") if (ours := spoken(tag))), ENGLISH)


def use(language: str) -> None:
    """Put *language* (`ENGLISH` or `CHINESE`) in force for this process."""
    global _in_force, _catalogue
    if language != _in_force:
        _in_force, _catalogue = language, None


def in_use() -> str:
    """The language in force."""
    return _in_force


def translated(message_id: str, english: str) -> str:
    """The sentence *message_id*, which is *english* there, in the language in force; *english* where it has no other."""
    if _in_force == ENGLISH:
        return english
    return (_catalogue or _load()).pgettext(message_id, english)


def _load() -> NullTranslations:
    global _catalogue  # noqa: PLW0603 - see `use`
    import gettext

    try:
        _catalogue = gettext.translation(DOMAIN, CATALOGUES, [_in_force])
    except (OSError, ValueError, struct.error):
        # Not there, or damaged: no reason to say nothing.
        _catalogue = gettext.NullTranslations()
    return _catalogue
