"""Runs jobs: one at a time, on record, under a lease, with a summary at the end."""

from __future__ import annotations

from .engine import Engine, Job, open_engine
from .summary import CallLine, ObjectLine, Summary, WriteLine

__all__ = ["CallLine", "Engine", "Job", "ObjectLine", "Summary", "WriteLine", "open_engine"]
