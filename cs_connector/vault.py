"""Keeps logins encrypted on disk, and finds the secrets that a configuration refers to."""

from __future__ import annotations

import base64
import fcntl
import hmac
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from . import keychain
from .errors import ConfigError, Place

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

Home = Literal["keyring", "file", "environment"]
KEY_VARIABLE = "CS_CONNECTOR_VAULT_KEY"
SECRETS_FILE = "secrets.env"
KEY_BYTES = 32
_REFERENCE = re.compile(r"\$\{ENV:(\w+)\}|secret:(\w+)")


class Vault:
    """A file of tokens by connection, encrypted as one; it is replaced whole or not at all.

    Raises ConfigError when the key does not open the file.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        try:
            _check(key)
        except ValueError as error:
            fix = f"set {KEY_VARIABLE} to 32 bytes in URL-safe base64, or unset it to use the key file"
            raise ConfigError(
                "The vault key is not a key", why="32 bytes in base64 are expected", fix=fix
            ) from error

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet  # most commands never open the vault

        return Fernet(self._key)

    def load(self, connection: str) -> dict[str, Any] | None:
        token = self._read().get(connection)
        return dict(token) if token is not None else None

    def save(self, connection: str, token: Mapping[str, Any]) -> None:
        """Safe on disk when it returns."""
        self._put(connection, token)

    def forget(self, connection: str) -> None:
        """The login of `connection` is gone when it returns; without one nothing happens."""
        self._put(connection, None)

    @contextmanager
    def on_trial(self, connection: str) -> Iterator[None]:
        """A login that is saved in this block stays only where the block ends well: else the one before it is put back."""
        before = self.load(connection)
        try:
            yield
        except BaseException:
            self._put(connection, before)
            raise

    def _put(self, connection: str, token: Mapping[str, Any] | None) -> None:
        with self._held("file"):
            tokens = self._read()
            if token is None:
                tokens.pop(connection, None)
            else:
                tokens[connection] = dict(token)
            write_private(self._path, self._fernet.encrypt(msgspec.json.encode(tokens)))

    @contextmanager
    def lock(self, connection: str) -> Iterator[None]:
        """One process at a time renews the login of `connection`: load, renew and save inside."""
        with self._held(f"login-{connection}"):
            yield

    def signer(self, purpose: str) -> Callable[[str], str]:
        """What makes the HMAC-SHA256 of a text, in hex, under a key of its own for each purpose, derived from the vault's."""
        key = hmac.digest(self._key, f"cs-connector {purpose}".encode(), "sha256")
        return lambda text: hmac.digest(key, text.encode(), "sha256").hex()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        from cryptography.fernet import InvalidToken

        try:
            return msgspec.json.decode(self._fernet.decrypt(sealed), type=dict[str, dict[str, Any]])
        except (InvalidToken, msgspec.DecodeError) as error:
            raise ConfigError(
                "The vault does not open with this key",
                why="it was locked with another key, or the file is damaged",
                safe="nothing was changed",
                fix=f"give it the right key ({KEY_VARIABLE}, the key file or the keyring), "
                "or remove the file and connect again",
                place=Place(str(self._path)),
            ) from error

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        safe_name = re.sub(r"[^\w-]", "_", name)
        handle = os.open(folder / f".{self._path.name}.{safe_name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def open_vault(
    path: Path, env: Mapping[str, str], key_file: Path | None = None, home: Home | None = None
) -> Vault:
    """The vault at `path`. Its key is where `home` says, else in the environment or in a key file outside the project."""
    file = key_file or default_key_file(env)
    match home:
        case None:
            key = find_key(env, file)
        case "file":
            key = find_key({}, file)
        case "environment":
            key = _key_in(env)
        case "keyring":
            key = keychain.key(file.parent, lambda: _before(file) or _new_key())
    return Vault(path, key)


def _check(key: bytes) -> None:
    """Raises ValueError for what is no key."""
    if len(base64.urlsafe_b64decode(key)) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")


def _new_key() -> bytes:
    from cryptography.fernet import Fernet

    return Fernet.generate_key()


def _before(key_file: Path) -> bytes | None:
    """The key of a key file: what was locked before the key moved to the keyring opens on."""
    return find_key({}, key_file) if key_file.exists() else None


def _key_in(env: Mapping[str, str]) -> bytes:
    if given := env.get(KEY_VARIABLE):
        return given.encode()
    raise ConfigError(
        f"the vault's key is to be in {KEY_VARIABLE}, which is not set",
        safe="nothing was read or written",
        fix=f"set {KEY_VARIABLE} to 32 bytes in URL-safe base64, or change vault: in cs-connector.yml",
    )


def default_key_file(env: Mapping[str, str]) -> Path:
    home = env.get("XDG_CONFIG_HOME") or Path(env.get("HOME") or Path.home()) / ".config"
    return Path(home) / "cs-connector" / "vault.key"


def find_key(env: Mapping[str, str], key_file: Path) -> bytes:
    """The key; a key file that is missing is made. Raises ConfigError when others may read the file."""
    if given := env.get(KEY_VARIABLE):
        return given.encode()
    if not key_file.exists():
        _make_key(key_file)
    _check_private(key_file)
    return key_file.read_bytes().strip()


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(draft, _new_key())
    try:
        os.link(draft, path)
    except FileExistsError:  # another process was quicker: its key counts
        pass
    finally:
        draft.unlink()


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by a file that only its owner may read; old or new after a crash, never half."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def resolve(reference: str, env: Mapping[str, str], project: Path) -> str:
    """The text that `${ENV:NAME}` or `secret:NAME` stands for; any other text is itself.

    Raises ConfigError for a name that is not set, and for a secrets.env that others may read.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return reference
    variable, secret = found.groups()
    if variable:
        return _named(variable, env, f"set the environment variable {variable}", None)
    path = project / SECRETS_FILE
    fix = f"add a line {secret}=… to {SECRETS_FILE}"
    return _named(secret, read_secrets(path), fix, Place(str(path)))


def _named(name: str, values: Mapping[str, str], fix: str, place: Place | None) -> str:
    if value := values.get(name):
        return value
    raise ConfigError(
        f"The secret {name} is not set", why="cs-connector.yml refers to it", fix=fix, place=place
    )


def read_secrets(path: Path) -> dict[str, str]:
    """NAME=value lines; empty lines and lines that begin with # are skipped. {} when there is no file."""
    if not path.exists():
        return {}
    _check_private(path)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        fix = "save it as UTF-8"
        raise ConfigError(
            f"{path.name} is not UTF-8", safe="it was not used", fix=fix, place=Place(str(path))
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if not name or name.startswith("#"):
            continue
        if not equals:
            place = Place(str(path), number)
            raise ConfigError("A line of the secrets has no =", fix="write NAME=value", place=place)
        found[name.strip()] = value.strip().strip("\"'")
    return found


def _check_private(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise ConfigError(
            f"Others may read {path.name}",
            why="it holds secrets",
            safe="it was not used",
            fix=f"chmod 600 {path}",
            place=Place(str(path)),
        )
