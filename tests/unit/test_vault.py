"""Logins are encrypted, private, whole or absent, and renewed by one process at a time."""

from __future__ import annotations

import multiprocessing
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from cs_connector.errors import ConfigError
from cs_connector.vault import KEY_VARIABLE, Vault, find_key, open_vault, resolve

KEY = Fernet.generate_key()


def test_a_token_comes_back_and_is_not_readable_on_disk(tmp_path):
    path = tmp_path / "vault"
    Vault(path, KEY).save("sales", {"access_token": "very-secret"})
    Vault(path, KEY).save("service", {"access_token": "b"})
    assert Vault(path, KEY).load("sales") == {"access_token": "very-secret"}
    assert Vault(path, KEY).load("nobody") is None
    assert b"very-secret" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_is_refused_and_harms_nothing(tmp_path):
    path = tmp_path / "vault"
    Vault(path, KEY).save("sales", {"access_token": "a"})
    with pytest.raises(ConfigError, match="does not open"):
        Vault(path, Fernet.generate_key()).save("sales", {})
    assert Vault(path, KEY).load("sales") == {"access_token": "a"}


def test_a_crash_while_saving_leaves_the_old_token(tmp_path, monkeypatch):
    vault = Vault(tmp_path / "vault", KEY)
    vault.save("sales", {"n": 1})

    def crash(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        vault.save("sales", {"n": 2})
    assert vault.load("sales") == {"n": 1}
    assert not [p for p in tmp_path.iterdir() if p.name != "vault" and not p.name.endswith(".lock")]


@pytest.mark.parametrize("before", [{"access_token": "works"}, None])
def test_a_login_that_turns_out_wrong_gives_way_to_the_one_before(tmp_path, before):
    vault = Vault(tmp_path / "vault", KEY)
    if before:
        vault.save("marketing", before)
    with pytest.raises(ValueError, match="another portal"), vault.on_trial("marketing"):
        vault.save("marketing", {"access_token": "another"})
        raise ValueError("another portal")
    assert vault.load("marketing") == before
    with vault.on_trial("marketing"):
        vault.save("marketing", {"access_token": "new"})
    assert vault.load("marketing") == {"access_token": "new"}


def renew(path: Path) -> None:
    vault = Vault(path, KEY)
    with vault.lock("sales"):
        token = vault.load("sales") or {"n": 0}
        vault.save("sales", {"n": token["n"] + 1})


def test_processes_renew_one_after_another(tmp_path):
    path = tmp_path / "vault"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=renew, args=(path,)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Vault(path, KEY).load("sales") == {"n": 8}


def test_the_key_is_made_once_outside_the_project(tmp_path):
    env = {"HOME": str(tmp_path / "home")}
    open_vault(tmp_path / "vault", env).save("sales", {"a": 1})
    assert open_vault(tmp_path / "vault", env).load("sales") == {"a": 1}
    key = tmp_path / "home" / ".config" / "cs-connector" / "vault.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_key_of_the_environment_comes_first(tmp_path):
    assert find_key({KEY_VARIABLE: KEY.decode()}, tmp_path / "absent") == KEY
    assert not (tmp_path / "absent").exists()


def test_a_key_that_is_none_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="not a key"):
        open_vault(tmp_path / "vault", {KEY_VARIABLE: "short"})


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        find_key({}, path)
    assert "chmod 600" in caught.value.fix


def secrets(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secrets.env"
    path.write_text(text)
    path.chmod(mode)
    return folder


def test_references_are_looked_up_where_they_say(tmp_path):
    project = secrets(tmp_path, "# ours\n\nSALES_SECRET = 'a=b'\n")
    assert resolve("${ENV:TOKEN}", {"TOKEN": "t"}, project) == "t"
    assert resolve("secret:SALES_SECRET", {}, project) == "a=b"
    assert resolve("https://plain.example", {}, project) == "https://plain.example"


def test_secrets_as_other_machines_save_them_are_read_or_told(tmp_path):
    path = secrets(tmp_path, "") / "secrets.env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert resolve("secret:A", {}, tmp_path) == "1"
    path.write_bytes("A=1".encode("utf-16"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        resolve("secret:A", {}, tmp_path)


@pytest.mark.parametrize(
    ("reference", "text", "mode", "said"),
    [
        ("${ENV:TOKEN}", "", 0o600, "TOKEN is not set"),
        ("secret:MISSING", "OTHER=1", 0o600, "MISSING is not set"),
        ("secret:A", "A=1", 0o644, "Others may read"),
        ("secret:A", "B=1\nA", 0o600, "no ="),
    ],
)
def test_a_bad_reference_says_what_to_do(tmp_path, reference, text, mode, said):
    with pytest.raises(ConfigError, match=said) as caught:
        resolve(reference, {}, secrets(tmp_path, text, mode))
    assert caught.value.fix


@pytest.mark.parametrize("right", [True, False])
def test_a_login_that_is_forgotten_on_trial_comes_back_unless_another_one_works(tmp_path, right):
    vault = Vault(tmp_path / "vault", KEY)
    vault.save("sales", {"access_token": "old"})
    with suppress(ValueError), vault.on_trial("sales"):
        vault.forget("sales")
        assert vault.load("sales") is None
        if not right:
            raise ValueError("refused")
        vault.save("sales", {"access_token": "new"})
    assert vault.load("sales") == {"access_token": "new" if right else "old"}
