"""Bring the catalogues in step with the sentences in the code, and compile them; with `--check` only say whether they are.

A translation is kept while its English stays as it is. Where the English has changed it is marked fuzzy, and a translator looks at
it; until then the person reads English.
"""

from __future__ import annotations

import io
import re
import string
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from scripts import vscode
from scripts.made import ROOT, keep, only_checks
from zai_ls import language, messages
from zai_ls.settings import DECLARATIONS

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = language.CATALOGUES / f"{language.DOMAIN}.pot"
_ABOUT = {"project": "zai-ls", "fuzzy": False, "charset": "utf-8"}
_HEADER = (
    "# Sentences of zai-ls for people. Made by scripts/words.py from the code; `make words` writes it anew."
)
_PERCENT = re.compile(r"%(?:\(\w+\))?[sr]")


def sentences() -> dict[str, str]:
    """All sentences by id: those that are said, those of the settings, and those of the clients that are made from here."""
    settings = {id_: text for d in DECLARATIONS for id_, text in d.sentences.items()}
    return messages._ENGLISH | settings | vscode.sentences()


def flag(english: str) -> str:
    """How *english* holds its values: in braces, by per cent as in argparse's own words, or not at all."""
    if any(name for _, name, _, _ in string.Formatter().parse(english)):
        return "python-brace-format"
    return "python-format" if _PERCENT.search(english) else ""


def template(created: datetime) -> Catalog:
    """All sentences, in the order of the table, without a translation."""
    made = Catalog(creation_date=created, revision_date=created, header_comment=_HEADER, **_ABOUT)
    for message_id, english in sentences().items():
        # Babel looks for per-cent signs and finds them in "30 % used"; nothing is filled into what a setting is for.
        filled_in = "" if message_id.startswith("setting.") else flag(english)
        made.add(english, context=message_id).flags = {filled_in} - {""}
    return made


def merged(old: Catalog, wanted: Catalog) -> Catalog:
    """*wanted* with the translations of *old*, by id; fuzzy where the English is another by now."""
    made = Catalog(
        locale=old.locale,
        creation_date=old.creation_date,
        revision_date=old.revision_date,
        last_translator=old.last_translator,
        language_team=old.language_team,
        header_comment=_HEADER,
        **_ABOUT,
    )
    before = {message.context: message for message in old if message.id}
    for sentence in wanted:
        if not sentence.id:
            continue
        known = before.get(sentence.context)
        message = made.add(sentence.id, context=sentence.context)
        message.flags = set(sentence.flags)
        if known is None or not known.string:
            continue
        message.string = known.string
        message.user_comments = list(known.user_comments)
        if known.id != sentence.id or known.fuzzy:
            message.flags.add("fuzzy")
            message.previous_id = [known.id] if known.id != sentence.id else list(known.previous_id)
    return made


def read(path: Path) -> Catalog:
    """The catalogue *path*; for a template that is not there yet an empty one."""
    if not path.is_file():
        return Catalog(locale=None if path == TEMPLATE else path.parents[1].name)
    with path.open("rb") as file:
        return read_po(file, locale=None if path == TEMPLATE else path.parents[1].name)


def as_po(catalogue: Catalog) -> bytes:
    """*catalogue* as text, a sentence a line."""
    out = io.BytesIO()
    write_po(out, catalogue, width=0, include_previous=True)
    return out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """*catalogue* as gettext reads it: without what is fuzzy or not translated, and without the tools that made it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def files() -> dict[Path, bytes]:
    """What each file of the catalogues should hold."""
    created = read(TEMPLATE).creation_date if TEMPLATE.is_file() else datetime.now(UTC)
    wanted = template(created)
    made = {TEMPLATE: as_po(wanted)}
    for path in sorted(language.CATALOGUES.glob(f"*/LC_MESSAGES/{language.DOMAIN}.po")):
        catalogue = merged(read(path), wanted)
        made[path] = as_po(catalogue)
        made[path.with_suffix(".mo")] = compiled(read_po(io.BytesIO(made[path]), locale=catalogue.locale))
    return made


def untranslated(path: Path) -> list[str]:
    """The ids in *path* that a person reads in English, because they are fuzzy or have no translation."""
    return [str(m.context) for m in read(path) if m.id and (m.fuzzy or not m.string)]


def main() -> int:
    check = only_checks(__doc__)
    code = keep(files(), "make words", check=check)
    for path in language.CATALOGUES.glob("*/LC_MESSAGES/*.po"):
        for message_id in () if check else untranslated(path):
            print(f"{path.relative_to(ROOT)}: {message_id} is to be translated.")
    return code


if __name__ == "__main__":
    sys.exit(main())
