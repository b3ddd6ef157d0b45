"""The connected app's private key in a file that its owner only can read."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from pathlib import Path

PREFIX = "salesforce-org-"
FOLDER = re.compile(PREFIX + r"[A-Za-z0-9_]+")


def written(pem: bytes, folder: str = "") -> Path:
    """The path of a file with this key, in a folder of this name where there is room; gone with the process."""
    place = _place(folder)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    path = place / "server.key"
    path.touch(0o600)
    path.write_bytes(pem)
    return path


def _place(folder: str) -> Path:
    if FOLDER.fullmatch(folder):
        wanted = Path(tempfile.gettempdir()) / folder
        try:
            wanted.mkdir(0o700)
        except FileExistsError:
            pass
        else:
            return wanted
    return Path(tempfile.mkdtemp(prefix=PREFIX))
