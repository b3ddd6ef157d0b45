"""One place that prints."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from cs_connector.errors import ConnectorError

if TYPE_CHECKING:  # JSON for a program needs none of it
    from rich.console import Console

COLOURS = {"green": "green", "yellow": "yellow", "red": "red", "unknown": "bright_black"}
WIDE = 110  # letters that are read as one line
LARGE = 9999.5  # from here on a number is shown whole
_ENDS = re.compile(r"; (?![^()]*\))")  # of clauses; those in brackets belong to what stands before
MARKS = {"green": "●", "yellow": "◐", "red": "▲", "unknown": "○"}


class Screen:
    """Prints for a person, or JSON for a program; `quiet` keeps progress to itself."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, color: bool = True) -> None:
        self.as_json, self.quiet, self._color = as_json, quiet, color

    @cached_property
    def out(self) -> Console:
        from rich.console import Console

        return Console(no_color=not self._color, highlight=False, soft_wrap=True, emoji=False)

    @cached_property
    def err(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, no_color=not self._color, highlight=False, emoji=False)

    def document(self, document: Any) -> None:
        """One JSON document on one line."""
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        sys.stdout.flush()

    def say(self, text: str = "") -> None:
        """Talk: not part of the result."""
        if not self.quiet:
            self.err.print(text)

    def ask(self, text: str) -> None:
        """Talk that a person must see, also where the rest is quiet."""
        self.err.print(text, markup=False, soft_wrap=True)

    def line(self, text: str = "") -> None:
        """A line of the result."""
        self.out.print(text)

    def plain(self, text: str) -> None:
        """A line of the result with text that is not ours: printed as it is."""
        self.out.print(text, markup=False)

    def error(self, error: ConnectorError) -> None:
        """What, why, what is safe, how to fix; with file and line where a file is at fault."""
        from rich.markup import escape

        self.err.print(f"[bold red]error\\[{error.code}][/] {escape(error.what)}")
        where = f"   ({error.place})" if error.place else ""
        parts = [("why", error.why), ("safe", error.safe), ("fix", error.fix)]
        if where and not error.why:
            self.err.print(f"  [dim]where[/] {escape(str(error.place))}", soft_wrap=True)
            where = ""
        for name, text in parts:
            if text:
                tail = where if name == "why" else ""
                self.err.print(f"  [bold]{name:<5}[/] {escape(_broken(text + tail))}", soft_wrap=True)

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """A progress bar on a terminal, one plain line elsewhere."""
        if self.quiet:
            yield lambda _done: None
        elif self.err.is_terminal:
            with self._bar(name, total) as tick:
                yield tick
        else:
            with self._plain(name) as tick:
                yield tick

    @contextmanager
    def _bar(self, name: str, total: int | None) -> Iterator[Callable[[int], None]]:
        from rich.markup import escape
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*columns, console=self.err, transient=True) as progress:
            task = progress.add_task(escape(name), total=total)
            yield lambda done: progress.advance(task, done)
            done = int(progress.tasks[0].completed)
        self.err.print(f"  [green]✓[/] {escape(name):<34} {done or ''}")

    @contextmanager
    def _plain(self, name: str) -> Iterator[Callable[[int], None]]:
        began, count = time.monotonic(), 0

        def tick(done: int) -> None:
            nonlocal count
            count += done

        yield tick
        counted = f"{count:>9,}" if count else "        –"
        self.err.print(f"  {name:<36}{counted}  {time.monotonic() - began:5.1f} s", markup=False)


def band(name: str | None, score: float | None = None) -> str:
    """A band as mark, word and colour, with its score."""
    known = name or "unknown"
    value = "" if score is None else f"{score:.0f} "
    return f"[{COLOURS.get(known, 'white')}]{MARKS.get(known, '○')} {value}{known}[/]"


def figure(value: float) -> str:
    """Four digits, and all of what is larger: nobody reads 1.2e+05."""
    return f"{value:.4g}" if abs(value) < LARGE else f"{value:,.0f}"


def _broken(text: str) -> str:
    """Many clauses, one a line under each other: whoever is woken at night reads them one by one."""
    return text if len(text) <= WIDE else _ENDS.sub(f";\n{' ' * 8}", text)
