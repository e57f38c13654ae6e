"""A local GLM that enforces what the service enforces and plays its faults; a part of the product."""

from __future__ import annotations

from zai_ls.emulator.config import DEFAULT_KEY, EmulatorConfig
from zai_ls.emulator.record import Overlap, Record, Served
from zai_ls.emulator.script import FAULTS, RAW_FAULTS, Answer, BadScript, Fault, Rule
from zai_ls.emulator.server import Emulator

__all__ = [
    "DEFAULT_KEY",
    "FAULTS",
    "RAW_FAULTS",
    "Answer",
    "BadScript",
    "Emulator",
    "EmulatorConfig",
    "Fault",
    "Overlap",
    "Record",
    "Rule",
    "Served",
]
