"""What the parts of an org work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .limits import Limits
from .schema.schema import Schema
from .soql.query import Engine
from .writing.rows import Rows
from .writing.writer import Writer


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
