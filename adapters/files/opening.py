"""Files as bytes, whatever they are packed with."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, OSError)


def opened(path: Path) -> BinaryIO:
    """The unpacked content, by the ending of the name: .gz, .bz2, .xz, .zst or none."""
    return cast("BinaryIO", _OPENERS.get(path.suffix.lower(), _plain)(path))


def _plain(path: Path) -> BinaryIO:
    return path.open("rb")


def _zst(path: Path) -> object:
    """By Arrow, because the reader of zstandard takes a file that was cut short for a whole one."""
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


_OPENERS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": _zst,
}


def told(error: Exception) -> str:
    """What a damaged file looks like to who put it there."""
    if isinstance(error, EOFError) or "ended before" in str(error) or "runcated" in str(error):
        what = "it ends too early, as if it was cut off or is still being written"
    elif isinstance(error, OSError) and error.errno is not None:
        what = f"reading it failed ({type(error).__name__})"
    else:
        what = "it is not packed as its name says, or a part of it was changed"
    return f"{what}; what stands before counts; put the whole file there again"
