"""What the parts of an org work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .limits import Limits
from .query import Engine
from .rows import Rows
from .schema import Schema
from .writer import Writer


@dataclass(frozen=True, slots=True)
class State:
    schema: Schema
    rows: Rows
    engine: Engine
    writer: Writer
    limits: Limits
    now: Callable[[], datetime]
    user_id: str
    base_url: str = ""
