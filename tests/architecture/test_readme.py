"""What the documentation tells people to type exists, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cs_connector.cli import app

from .tree import ROOT, shown

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^ {4}(?:\S+=\S+ )?(cs-connector|make) (.*)$", re.MULTILINE)
QUOTED = re.compile(r"`(cs-connector|make) ([^`]+)`")


def typed(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command of a page as a person would type it, in a block or in a sentence: program and words."""
    text = FENCE.sub("", page.read_text())
    for program, rest in [*LINE.findall(text), *QUOTED.findall(text)]:
        plain = re.split(r" [>|#&]|  ", rest.replace("\n", " "), maxsplit=1)[0]
        yield program, shlex.split(plain)


def links(page: Path) -> list[str]:
    found: list[str] = LINK.findall(FENCE.sub("", page.read_text()))
    return [link for link in found if "://" not in link]


def command(words: list[str]) -> Any:
    """The command that words call. Raises KeyError for one that is not there."""
    found: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(found, "commands") or word.startswith("-") or word.isupper():
            break
        if word not in found.commands and found.commands and found.invoke_without_command:
            break
        found = found.commands[word]
    return found


def wrong(words: list[str]) -> bool:
    try:
        found = command(words)
    except KeyError:
        return True
    known = {flag for p in found.params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}
    return bool({w.split("=")[0] for w in words if w.startswith("--")} - known)


@pytest.mark.parametrize("page", GUIDES, ids=shown)
def test_every_command_that_is_shown_exists_with_its_flags(page: Path) -> None:
    shown_ones = [words for program, words in typed(page) if program == "cs-connector"]
    assert [words for words in shown_ones if wrong(words)] == []


def test_every_target_of_make_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {words[0] for page in PAGES for program, words in typed(page) if program == "make"}
    assert used
    assert sorted(used - targets) == []


def test_the_guides_show_commands_at_all() -> None:
    """An empty page, or a pattern that matches nothing, would pass everything else."""
    for name in ("README.md", "docs/getting-started.md"):
        assert any(program == "cs-connector" for program, _ in typed(ROOT / name)), name


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link in links(page) if not (page.parent / link.partition("#")[0]).exists()]
    assert broken == []


def test_what_a_person_should_read_is_reachable_from_the_readme() -> None:
    seen, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        left += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    lonely = [p for p in GUIDES if p not in seen]
    assert [shown(p) for p in lonely] == []


def test_files_that_the_documentation_names_exist() -> None:
    """Paths of this repository in backticks, in the pages that explain what ships."""
    named = re.compile(r"`((?:adapters|cs_connector|mappings|jobs|docs|tests)/[\w./-]+\.(?:py|yml|md|svg))`")
    text = "".join(page.read_text() for page in GUIDES)
    paths = sorted(set(named.findall(text)))
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
