"""The vault's key in the keyring of the operating system, through the library keyring."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from .errors import ConfigError

SERVICE, ACCOUNT = "cs-connector", "vault"


def key(folder: Path, make: Callable[[], bytes]) -> bytes:
    """The key of this user; one that is missing is made and kept. `folder` holds the lock of those who make it.

    Raises ConfigError where there is no keyring, or where it does not keep what it is given.
    """
    library = _library()
    try:
        with _alone(folder):
            found = library.get_password(SERVICE, ACCOUNT)
            if found is None:
                library.set_password(SERVICE, ACCOUNT, make().decode())
                found = library.get_password(SERVICE, ACCOUNT)
    except library.errors.KeyringError as error:
        raise _unusable(str(error).partition("\n")[0] or type(error).__name__) from error
    if found is None:
        raise _unusable("it does not keep what it is given")
    return str(found).encode()


def _library() -> ModuleType:
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the vault's key is to be in the keyring, but the library for it is not installed",
            safe="nothing was read or written",
            fix='pip install "cs-connector[keyring]"',
        ) from error
    return keyring


def _unusable(why: str) -> ConfigError:
    return ConfigError(
        "the keyring of this system cannot be used",
        why=why,
        safe="nothing was read or written",
        fix="unlock it or install one; on a server without any say vault: {key: file} or {key: environment}",
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time makes a key: the second of two keys would lock out what the first one locked."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / ".keyring.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
