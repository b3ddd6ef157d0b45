"""python -m tests.conformance.recordings CRM: what differs from the recorded exchanges that CS_CONNECTOR_DATA names."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .replay import replay
from .share import share_of

with tempfile.TemporaryDirectory() as scratch:
    found = share_of(replay(Path(os.environ["CS_CONNECTOR_DATA"]), sys.argv[1], Path(scratch)))
print(found.report())  # noqa: T201
