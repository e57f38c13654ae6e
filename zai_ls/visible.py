"""Text from elsewhere, before a terminal or an editor shows it: what would act on either is written out."""

from __future__ import annotations

import re

DIRECTION = "\u202a-\u202e\u2066-\u2069"
"""What reorders."""
SEPARATORS = "\u2028\u2029"
"""Ends of lines for some, JavaScript among them, and nothing for others."""
UNSEEN = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
"""What takes no room, or looks like a blank, wherever it stands."""
MARKS = "\u061c\u200e\u200f"
"""Of direction."""
CONTROL = "\x00-\x08\x0b\x0e-\x1f\x7f-\x9f"
"""Escapes, bells, and the eight-bit forms that some terminals obey."""

_ACTS = re.compile(f"[{CONTROL}\x0c\r{DIRECTION}{SEPARATORS}{UNSEEN}{MARKS}]")
"""Line feed and tab stay; so do the joiners that emoji and some scripts need."""


def visible(text: str) -> str:
    """*text* with control characters, and those that reorder or hide other text, as escapes such as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return _ACTS.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
