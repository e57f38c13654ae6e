"""The parts of the page, whoever carries them: our own server on loopback, or an editor that shows it in a panel."""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zai_ls.cli.page.data import page_data, words

if TYPE_CHECKING:
    from zai_ls.cli.wiring import App
    from zai_ls.domain import Account

STATIC = Path(__file__).parent / "static"
_READ_EVERY_S = 60.0
_READ_PATIENCE_S = 3.0

__all__ = ["STATIC", "document", "fresh_data", "words"]


async def fresh_data(app: App, account: Account) -> dict[str, Any]:
    """What the page draws, with a reading of the last minute if one can be had."""
    from zai_ls.assistant.report import report

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_READ_PATIENCE_S):
            await app.gauge.refresh(account, every_s=_READ_EVERY_S)
    return page_data(app.kit, account, report(app.kit, account))


def document(nonce: str, policy: str) -> str:
    """The whole page in one text, its scripts and styles inside it and marked with *nonce*, under the content security *policy*."""
    if not re.fullmatch(r"[\w-]{16,}", nonce):
        nonce = ""  # then nothing runs, which is better than something that was not meant to
    page = _read("index.html")
    page = re.sub(
        r'<link rel="stylesheet" href="(\w+\.css)">',
        lambda m: f'<style nonce="{nonce}">\n{_read(m[1])}</style>',
        page,
    )
    page, scripts = _taken(page, r'<script defer src="(\w+\.js)"></script>\n')
    inside = "".join(f'<script nonce="{nonce}">\n{_read(name)}</script>\n' for name in scripts)
    told = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{told}', 1)
    # Where they stood they waited for the page to be there; a script inside the page has to stand behind it.
    return page.replace("</body>", f"{inside}</body>", 1)


def _taken(text: str, pattern: str) -> tuple[str, list[str]]:
    return re.sub(pattern, "", text), re.findall(pattern, text)


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
