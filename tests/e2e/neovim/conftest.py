"""The package that brings the editor is for Linux only; elsewhere there is nothing to collect here."""

from __future__ import annotations

import sys

collect_ignore = [] if sys.platform == "linux" else ["test_neovim.py"]
