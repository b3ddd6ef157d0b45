"""The vault's key in the keyring: made once, kept there, and a plain error where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.fernet import Fernet
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from cs_connector import keychain
from cs_connector.config.documents import load, validate
from cs_connector.config.settings import ProjectSettings
from cs_connector.errors import ConfigError
from cs_connector.vault import KEY_VARIABLE, open_vault


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Locked(Drawer):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")


@pytest.fixture(autouse=True)
def drawer() -> Iterator[Drawer]:
    before, made = keyring.get_keyring(), Drawer()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def save(folder: Path, **env: str) -> None:
    open_vault(folder / "vault", env, folder / "config" / "vault.key", home="keyring").save("sales", {"t": 1})


def test_the_key_is_made_once_and_is_nowhere_else(drawer: Drawer, tmp_path: Path) -> None:
    save(tmp_path)
    (made,) = drawer.kept.values()
    save(tmp_path, **{KEY_VARIABLE: Fernet.generate_key().decode()})
    assert list(drawer.kept.values()) == [made]
    assert not (tmp_path / "config" / "vault.key").exists()
    opened = open_vault(tmp_path / "vault", {KEY_VARIABLE: made}, home="environment")
    assert opened.load("sales") == {"t": 1}


def test_a_key_file_that_was_there_is_taken_over(drawer: Drawer, tmp_path: Path) -> None:
    file = tmp_path / "config" / "vault.key"
    open_vault(tmp_path / "vault", {}, file, home="file").save("service", {"t": 2})
    save(tmp_path)
    file.unlink()
    opened = open_vault(tmp_path / "vault", {}, file, home="keyring")
    assert (opened.load("service"), opened.load("sales")) == ({"t": 2}, {"t": 1})


@pytest.mark.parametrize(
    ("backend", "why"),
    [(fail.Keyring(), "No recommended backend"), (null.Keyring(), "does not keep"), (Locked(), "is locked")],
)
def test_a_system_without_a_keyring_says_so(backend: KeyringBackend, why: str, tmp_path: Path) -> None:
    keyring.set_keyring(backend)
    with pytest.raises(ConfigError, match="keyring of this system cannot be used") as error:
        save(tmp_path)
    assert why in error.value.why
    assert "vault: {key: file}" in error.value.fix
    assert not (tmp_path / "vault").exists()


def test_the_library_is_an_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as error:
        keychain.key(tmp_path, Fernet.generate_key)
    assert error.value.fix == 'pip install "cs-connector[keyring]"'


def test_a_key_that_must_be_in_the_environment_is_not_made_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "config" / "vault.key"
    with pytest.raises(ConfigError, match=f"in {KEY_VARIABLE}, which is not set"):
        open_vault(tmp_path / "vault", {}, file, home="environment")
    assert not file.exists()


def test_a_key_file_counts_more_than_the_environment_where_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "config" / "vault.key"
    env = {KEY_VARIABLE: Fernet.generate_key().decode()}
    open_vault(tmp_path / "vault", env, file, home="file").save("sales", {"t": 1})
    assert open_vault(tmp_path / "vault", {}, file).load("sales") == {"t": 1}


def test_the_place_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "cs-connector.yml"
    path.write_text("version: 1\nconnections: {}\nvault: {key: keyring}\n")
    assert validate(ProjectSettings, load(path)).vault.key == "keyring"
    path.write_text("version: 1\nconnections: {}\nvault: {key: wallet}\n")
    with pytest.raises(ConfigError, match=r"vault\.key is not valid") as error:
        validate(ProjectSettings, load(path))
    assert (error.value.place and error.value.place.line) == 3
