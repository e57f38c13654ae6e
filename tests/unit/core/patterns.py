"""Paths, and lists of patterns that may name them, for tests that ask git."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = ("a", "b", "ab", "a.b", ".a", "a b", "a-", "[a]", "é", "!a", "#a", "A", "a]", "b\\", "ab ", "**")
_PIECES = (
    "a",
    "b",
    ".",
    "*",
    "**",
    "***",
    "?",
    "/",
    "/",
    "**/",
    "/**",
    "[ab]",
    "[!a]",
    "[^b/]",
    "[a-c]",
    "[]a]",
    "[",
    "]",
)
_ODD_PIECES = (
    "[[:alpha:]]",
    "[[:nope:]]",
    "[[:a]",
    "[a-]",
    "[\\]]",
    "\\",
    "\\a",
    "\\*",
    "\\ ",
    " ",
    "!",
    "#",
    "é",
    "A",
    "-",
    "\t",
)
_USUAL = (
    "*",
    "!*",
    "!*/",
    "/*",
    "**",
    "!a",
    "!a/",
    "",
    "# a",
    "\\#a",
    "\\!a",
    "*.b",
    "a/**",
    "a/**/b",
    "**/b",
)

PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4).map("/".join)
"""Of one to four names."""

_LINES = st.one_of(
    st.lists(st.sampled_from(_PIECES + _ODD_PIECES), min_size=1, max_size=6).map("".join),
    st.builds("{}{}{}".format, st.sampled_from(["", "!"]), PATHS, st.sampled_from(["", "/"])),
    st.sampled_from(_USUAL),
)

LISTS = st.builds(
    lambda lines, end: end.join(lines) + end,
    st.lists(_LINES, min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
)
"""Texts of `.gitignore` files."""
