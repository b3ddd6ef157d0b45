"""What the author of an adapter needs: a clock, a login store, an adapter in memory, and the conformance suite."""

from __future__ import annotations

from .contract import AdapterContract, ReadContract, Sample, WriteContract
from .memory import Fault, Memory, MemorySettings, System
from .surroundings import FixedClock, MemoryNotes, MemoryTokens, surroundings

__all__ = [
    "AdapterContract",
    "Fault",
    "FixedClock",
    "Memory",
    "MemoryNotes",
    "MemorySettings",
    "MemoryTokens",
    "ReadContract",
    "Sample",
    "System",
    "WriteContract",
    "surroundings",
]
