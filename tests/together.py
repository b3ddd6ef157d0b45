"""Which tests go to the same worker: those of a file, and all that play on the sandbox of a session."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

SHARING = ("tests/e2e/", "tests/faults/")


class Together(LoadFileScheduling):
    """What such a session sets up, the main job among it, takes longer than most files: one worker does it."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return SHARING[0] if file.startswith(SHARING) else file
