"""Every mistake of the metrics files at once; what follows from another mistake is not told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlglot import exp

from cs_connector.config import documents
from cs_connector.errors import ConfigError, Place
from cs_connector.language.compiler import StepError
from cs_connector.language.lowering import lower
from cs_connector.language.periods import Calendar
from cs_connector.measure.calendar import load_calendar
from cs_connector.measure.metrics import Said, Source, load_metrics, metric_files
from cs_connector.measure.names import taken
from cs_connector.measure.study import Study


def found(layers: Sequence[Path]) -> list[ConfigError]:
    """The mistakes of `metrics/*.yml` of all layers, by file and line."""
    told: list[ConfigError] = []
    seen: dict[str, tuple[str, str]] = {}
    try:
        calendar = load_calendar(layers)
    except ConfigError as broken:
        return [broken]
    told += _unread(layers)
    for name, path in sorted(metric_files(layers).items()):
        told += [_with_column(error) for error in _of_file(name, path, seen, calendar)]
    for mistake in told:
        _point(mistake, dict(seen.values()))
    return sorted(told, key=_where) or [_with_column(error) for error in _between(layers)]


def _point(error: ConfigError, owners: Mapping[str, str]) -> None:
    """To `uses`, where what a metric does not know is another metric."""
    found, place = re.match(r"'(\w+)' is not known here", error.what), error.place
    name = found[1] if found else ""
    if name not in owners or place is None or not _of_metrics(place):
        return
    if owners[name] == Path(place.path).stem:
        error.fix = (
            f"metrics of one file do not know each other: move {name} to another one and name it in `uses`"
        )
    else:
        error.fix = f"{name} is a metric of {owners[name]}.yml: name it in `uses: [{name}]`"


def _of_metrics(place: Place) -> bool:
    """Whether it is about a metric, and not about the steps before it."""
    return (place.line or 0) > documents.load(Path(place.path)).lines.get(("metrics",), 0)


def _with_column(error: ConfigError) -> ConfigError:
    """The same, at the first key or item of its line where nothing says more."""
    place = error.place
    if place and place.line and place.column is None:
        document = documents.load(Path(place.path))
        begins = [document.begins[at] for at, line in document.lines.items() if line == place.line]
        error.place = Place(place.path, place.line, min(begins, default=None))
    return error


def _unread(layers: Sequence[Path]) -> Iterator[ConfigError]:
    """Files that look like metrics, by an ending that is not looked for."""
    for path in (path for layer in layers for path in sorted((layer / "metrics").glob("*.*"))):
        if path.suffix == ".yml" or path.suffix.lower() not in (".yml", ".yaml"):
            continue
        yield ConfigError(
            f"{path.name} is not read", why="files of metrics end with .yml", safe="nothing was read or written",
            fix=f"name it {path.stem}.yml", place=Place(str(path)),
        )  # fmt: skip


def _between(layers: Sequence[Path]) -> Iterator[ConfigError]:
    """What is wrong with files that are right, each for itself."""
    try:
        load_metrics(layers)
    except ConfigError as error:
        yield error


def _of_file(
    name: str, path: Path, seen: dict[str, tuple[str, str]], calendar: Calendar
) -> Iterator[ConfigError]:
    try:
        document = documents.load(path)
        study = Study.model_validate(document.data or {})
    except ConfigError as error:
        yield error
        return
    except ValidationError as error:
        yield from (one for _, one in documents.mistakes(Study, document, error))
        return
    yield from _of_names(document, study, name, seen)
    yield from _of_study(Source(name, study, document, calendar))


def _of_names(
    document: documents.Document, study: Study, name: str, seen: dict[str, tuple[str, str]]
) -> Iterator[ConfigError]:
    for metric in study.metrics:
        if what := taken(metric, name, seen):
            yield document.error(("metrics", metric), what, fix="give one of them another name")


def _of_study(source: Source) -> Iterator[ConfigError]:
    """Of steps the first mistake, as the others stand on it; of metrics each one."""
    try:
        _ = source.rows
    except StepError as error:
        yield source.document.told(("steps", *error.at), error)
        return
    for name in source.study.metrics:
        for check in (source.formula, source.standing_on):
            try:
                check(name)
            except ConfigError as error:
                yield error
                break
        else:
            yield from _unsaid(source, name)
    yield from _of_steps(source)


def _unsaid(source: Source, name: str) -> Iterator[ConfigError]:
    """What the engine that runs has no words for, or far too many."""
    for key, formula in zip(Said._fields, source.formula(name), strict=True):
        if formula is not None:
            yield from _lowered(source, ("metrics", name, key), formula.tree)


def _of_steps(source: Source) -> Iterator[ConfigError]:
    """The same of steps: of the first one only, as the others stand on it."""
    parts = source.plan.parts if source.plan else ()
    if not any(list(_lowered(source, ("steps",), part.rows.query)) for part in parts):
        return
    for stage in (stage for part in parts for stage in part.stages):
        told = list(_lowered(source, ("steps", stage.index), stage.rows.query))
        if told:
            yield told[0]
            return


def _lowered(source: Source, at: tuple[str | int, ...], tree: exp.Expr) -> Iterator[ConfigError]:
    try:
        lower(tree)
    except ConfigError as error:
        yield source.document.told(at, error)


def _where(error: ConfigError) -> tuple[str, int, int]:
    place = error.place
    return (place.path, place.line or 0, place.column or 0) if place else ("", 0, 0)
