"""scorecard lint, schema, released: is a scorecard right, and does it say what was meant. program, books, contradictions: what it comes to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from cs_connector.console import Screen
    from cs_connector.runner.scorecards.linting import Linted

_scorecard = typer.Typer(help="The scorecards: are they right, and do they say what was meant.")


def register(app: typer.Typer) -> None:
    app.add_typer(_scorecard, name="scorecard")
    app.command()(program)
    app.command()(books)
    app.command()(contradictions)


def program(
    by: Annotated[
        str | None, typer.Option("--by", metavar="VIEW", help="Also by segment, owner or product.")
    ] = None,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="This month only, not the last twelve.")
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """Which customers stayed, what they paid and what they said: churn, retention, NPS and the rest, by month and by year."""
    from cs_connector.console.program import program as shown
    from cs_connector.runner.scorecards.program import program as told

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = told(engine, by, month)
    opt.tell(screen, document, shown)


def books(
    first: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="Since this day of the last run, not the month end before."
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner",
            metavar="NAME",
            help="Only the book of this person: a name, an e-mail address or an id.",
        ),
    ] = None,
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """How the health of everybody's book changed: by what customers did, apart from what became known."""
    from cs_connector.console.program import books as shown
    from cs_connector.runner.scorecards.books import books as told

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = told(engine, opt.day(first), owner, opt.day(as_of))
    opt.tell(screen, document, shown)


def contradictions(
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """Who says the one and does the other: praise without use, silence beside many tickets."""
    from cs_connector.console.contradictions import contradictions as shown
    from cs_connector.runner.scorecards.contradictions import contradictions as told

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = told(engine, opt.day(as_of))
    opt.tell(screen, document, shown)


@_scorecard.command("lint")
def lint(root: opt.ProjectDir = opt.HERE, as_json: opt.Json = False, no_color: opt.NoColor = False) -> None:
    """Find every mistake of scorecards, overrides and their assignment, and what is hardly meant."""
    from cs_connector.runner.scorecards import linting

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root) as engine:
        found = linting.lint(engine)
        home = engine.project.root
    if as_json:
        screen.document(found.document())
    else:
        _show(screen, found, home)
    if found.errors:
        raise typer.Exit(2)


@_scorecard.command("released")
def released(
    root: opt.ProjectDir = opt.HERE,
    as_json: opt.Json = False,
    as_of: opt.AsOf = None,
    no_color: opt.NoColor = False,
) -> None:
    """Caps that let go because their evidence is not known any more: it grew too old, or somebody retired it."""
    from cs_connector.console.released import released as shown
    from cs_connector.runner.scorecards.released import released as told

    screen = opt.screen(as_json=as_json, no_color=no_color)
    with opt.engine(root, as_of) as engine:
        document = told(engine, opt.day(as_of))
    opt.tell(screen, document, shown)


class Declared(StrEnum):
    """A kind of file that says what a score is."""

    SCORECARD = "scorecard"
    OVERRIDES = "overrides"
    CONTRADICTIONS = "contradictions"
    ASSIGN = "assign"
    JUDGEMENTS = "judgements"
    ROLLUP = "rollup"
    BANDS = "bands"
    RETIRED = "retired"


@_scorecard.command("schema")
def schema(
    kind: Annotated[
        Declared,
        typer.Argument(
            metavar="KIND",
            help="scorecard, overrides, contradictions, assign, judgements, rollup, bands or retired.",
        ),
    ] = Declared.SCORECARD,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it here instead of printing it.")
    ] = None,
) -> None:
    """Print the JSON Schema of a scorecard, or of overrides, contradictions, assign, judgements, rollup, bands or retired, for your editor."""
    import json

    from cs_connector.health.linting.schemas import schema as made

    text = json.dumps(made(kind.value), indent=2)
    if out is None:
        opt.screen().plain(text)
    else:
        out.write_text(f"{text}\n")


def _show(screen: Screen, found: Linted, home: Path) -> None:
    from rich.markup import escape

    for one in found.findings:
        colour = "red" if one.level == "error" else "yellow"
        screen.line(f"[{colour}]{one.level}[/] {escape(one.what)}")
        screen.plain(f"  where {_near(str(one.place), home)}")
        if one.why:
            screen.plain(f"  why   {one.why}")
        screen.plain(f"  fix   {one.fix}")
    warnings = len(found.findings) - found.errors
    if found.errors:
        screen.line(f"{_count(found.errors, 'error')}; warnings are looked for when there is none")
    else:
        screen.line(f"no errors, {_count(warnings, 'warning')}")
    if found.run is False:
        screen.line("nothing was scored yet: overrides and measures could not be held against data")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _near(place: str, home: Path) -> str:
    """Without the way to the project."""
    return place.removeprefix(f"{home}/")
