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
    return cast("BinaryIO", _OPENERS.get(path.suffix, _plain)(path))


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
