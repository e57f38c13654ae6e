"""Text from elsewhere, before a terminal or an editor shows it: what would act on either is written out."""

from __future__ import annotations

import re

_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # escapes, bells, and the eight-bit forms that some terminals obey
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]"  # order and sight
)
"""Line feed and tab stay; so do the joiners that emoji and some scripts need."""


def visible(text: str) -> str:
    """*text* with control characters, and those that reorder or hide other text, as escapes such as `\\x1b`."""
    if text.isprintable():
        return text
    return _ACTS.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
