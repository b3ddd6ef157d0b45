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

REFUSED: Any = typer.BadParameter.__base__  # whatever the command line does not take
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


def refused(words: list[str]) -> str:
    """Why the command line would not take these words; nothing where it would."""
    found: Any = typer.main.get_command(app)
    context: Any = None
    try:
        while True:
            context = found.make_context("cs-connector", list(words), parent=context)
            rest = [*context._protected_args, *context.args]
            if not hasattr(found, "commands") or not rest:
                return ""
            _, found, words = found.resolve_command(context, rest)
    except REFUSED as error:  # a group alone is a way to speak of it
        return f"{' '.join(words)}: {error}" if words else ""


@pytest.mark.parametrize("page", GUIDES, ids=shown)
def test_every_command_that_is_shown_exists_with_its_flags(page: Path) -> None:
    listed = [words for program, words in typed(page) if program == "cs-connector" and "COMMAND" not in words]
    assert [why for words in listed if (why := refused(words))] == []


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
