"""A mistake in a file of the project is named by file and line, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.config import load, open_project
from cs_connector.errors import ConfigError, Place

GOOD = """\
version: 1
connections:
  sales:
    adapter: memory
    settings:
      country: NO
safety:
  max_created: 7
schedules:
  nightly: {cron: "15 5 * * 1-5", zone: Europe/Berlin}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cs-connector.yml").write_text(GOOD)
    return tmp_path


def change(root: Path, old: str, new: str) -> None:
    path = root / "cs-connector.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def mistake(root: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        open_project(root, ())
    assert caught.value.safe
    assert caught.value.fix
    return caught.value


def line(error: ConfigError) -> int | None:
    assert error.place is not None
    assert error.place.path.endswith("cs-connector.yml")
    return error.place.line


def test_a_good_file_is_read_and_defaults_are_filled_in(root: Path) -> None:
    settings = open_project(root, ()).settings
    assert (settings.safety.max_created, settings.safety.max_tasks_per_owner) == (7, 10)
    assert settings.go_live == "observe"
    assert settings.schedules["nightly"].apply


def test_no_is_a_country_and_not_false(root: Path) -> None:
    assert open_project(root, ()).settings.connections["sales"].settings == {"country": "NO"}


@pytest.mark.parametrize(
    ("old", "new", "at", "hint"),
    [
        ("safety:", "saftey:", 7, "did you mean 'safety'?"),
        ("max_created", "max_craeted", 8, "did you mean 'max_created'?"),
        ("    adapter:", "    adaptor:", 4, "did you mean 'adapter'?"),
        ("cron:", "crn:", 10, "did you mean 'cron'?"),
    ],
)
def test_a_typo_in_a_key_is_named_by_line(root: Path, old: str, new: str, at: int, hint: str) -> None:
    change(root, old, new)
    error = mistake(root)
    assert line(error) == at
    assert error.fix == hint


def test_a_key_like_no_other_lists_the_known_ones(root: Path) -> None:
    change(root, "max_created", "zzz")
    assert "max_band_moves_share" in mistake(root).fix


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("max_created: 7", "max_created: many", 8),
        ("max_created: 7", "max_created: -1", 8),
        ("Europe/Berlin", "Europe/Berln", 10),
        ("15 5 * * 1-5", "15 25 * * 1-5", 10),
        ("15 5 * * 1-5", "0 0 31 2 *", 10),
        ("version: 1", "version: 2", 1),
    ],
)
def test_a_wrong_value_is_named_by_line(root: Path, old: str, new: str, at: int) -> None:
    change(root, old, new)
    assert line(mistake(root)) == at


def test_a_key_given_twice_is_refused(root: Path) -> None:
    change(root, "  max_created: 7", "  max_created: 7\n  max_created: 700")
    error = mistake(root)
    assert line(error) == 9
    assert "twice" in error.why


@pytest.mark.parametrize(
    "text", ["connections: [", "version: 1\n\tconnections: {}", "a: 1\n---\nb: 2", "a: *gone"]
)
def test_what_is_not_yaml_is_named_by_line(root: Path, text: str) -> None:
    (root / "cs-connector.yml").write_text(text)
    assert line(mistake(root)) is not None


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "hello"])
def test_a_file_without_settings_is_a_mistake_and_not_a_crash(root: Path, text: str) -> None:
    (root / "cs-connector.yml").write_text(text)
    assert "cs-connector.yml" in str(mistake(root).place)


def test_settings_that_are_shared_by_an_anchor_are_read(root: Path) -> None:
    change(root, "    settings:\n", "    settings: &base\n")
    change(root, "safety:", "  more:\n    adapter: memory\n    settings: {<<: *base, more: 1}\nsafety:")
    found = open_project(root, ()).settings.connections["more"].settings
    assert found == {"country": "NO", "more": 1}


def test_a_directory_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    error = mistake(tmp_path)
    assert "not a project" in error.what
    assert "cs-connector init" in error.fix


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yml does not exist"):
        load(tmp_path / "gone.yml")


def test_what_is_no_text_or_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"name: \xff\xfe")
    (tmp_path / "folder.yml").mkdir()
    for name in ("a.yml", "folder.yml"):
        with pytest.raises(ConfigError, match=name):
            load(tmp_path / name)


def test_a_date_that_no_calendar_has_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rates.yml").write_text(
        "version: 1\nrates:\n  2026-02-28: {USD: 1}\n  2026-02-30: {USD: 2}\n"
    )
    with pytest.raises(ConfigError, match=r"rates\.yml cannot be read") as caught:
        load(tmp_path / "rates.yml")
    assert caught.value.place == Place(str(tmp_path / "rates.yml"), 4)


def test_a_file_of_theirs_replaces_the_one_that_ships(root: Path, tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    for folder in (shipped / "rules", root / "rules"):
        folder.mkdir(parents=True)
    for path in (shipped / "rules" / "a.yml", shipped / "rules" / "b.yml", root / "rules" / "b.yml"):
        path.write_text("x: 1")
    (shipped / "memory.yml").write_text("x: 1")
    project = open_project(root, (shipped,))
    assert project.declarations("rules") == [shipped / "rules" / "a.yml", root / "rules" / "b.yml"]
    assert project.mapping("memory") == shipped / "memory.yml"
    with pytest.raises(ConfigError, match="no mapping called 'other'"):
        project.mapping("other")


def test_an_amount_of_memory_is_written_with_its_unit(root: Path) -> None:
    change(root, "version: 1\n", "version: 1\nmemory: 2 gigs\n")
    error = mistake(root)
    assert error.why == "'2 gigs' is not an amount of memory; write one like 2GB or 800MB"
    assert line(error) == 2


@pytest.mark.parametrize("given", ["secret:STORE", "postgres://cs:pw@db/acme", "postgresql://cs:pw@db/acme"])
def test_the_address_of_the_store_may_be_a_secret_and_of_either_spelling(root: Path, given: str) -> None:
    (root / "secrets.env").write_text("STORE=postgresql://cs:pw@db/acme\n")
    (root / "secrets.env").chmod(0o600)
    change(root, "safety:", f"store: {{url: '{given}'}}\nsafety:")
    assert open_project(root, ()).url == "postgresql://cs:pw@db/acme"


@pytest.mark.parametrize(
    "given",
    [
        "mysql://db/acme", "sqlite:///x.db", "postgresql:", "db.acme.example", "secret:NOPE", "postgresql://cs:pw@db:abc/acme",
        "postgresql://db:99999/acme", "postgresql://[::1/acme", "postgresql://cs:p@w:1@db/acme",
    ],
)  # fmt: skip
def test_a_store_at_any_other_address_is_refused_in_words(root: Path, given: str) -> None:
    change(root, "safety:", f"store: {{url: '{given}'}}\nsafety:")
    with pytest.raises(ConfigError) as caught:
        assert open_project(root, ()).url
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "line"), [("version: 1\nname: a\x07b\n", 2), ("version: 1\nx: " + "[" * 3000, None)]
)
def test_what_no_yaml_holds_is_told(tmp_path, text, line):
    path = tmp_path / "cs-connector.yml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(path)
    assert caught.value.place.line == line
