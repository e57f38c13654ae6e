"""Settings: declared once, read from layers.

A *machine* setting (host, key command, folders, proxy, log file) decides where keys and code go.
It is taken from a person's own places only, never from an editor's settings, because a workspace can write those.
"""

from __future__ import annotations

from zai_ls.settings.declared import BY_KEY, DECLARATIONS, SECTION, Declaration, Profile, Settings
from zai_ls.settings.kinds import NotAccepted
from zai_ls.settings.layers import Layer, Origin, Problem, flatten, merge, origins

__all__ = [
    "BY_KEY",
    "DECLARATIONS",
    "SECTION",
    "Declaration",
    "Layer",
    "NotAccepted",
    "Origin",
    "Problem",
    "Profile",
    "Settings",
    "flatten",
    "merge",
    "origins",
]
