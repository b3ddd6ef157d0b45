"""A full disk and a place that is not there are no mistakes of ours, and are told as what they are."""

from __future__ import annotations

import errno
import sys

import pytest

from cs_connector.cli import failed


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 7, "the disk is full"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/nope/x.csv"),
            2,
            "/nope/x.csv cannot be used",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/ours/x.csv"),
            70,
            "a mistake of its own",
        ),
    ],
)
def test_what_the_disk_refuses_is_told(
    error: OSError, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cs-connector", "export", "/nope"])
    assert failed(error) == code
    assert said in capsys.readouterr().err
