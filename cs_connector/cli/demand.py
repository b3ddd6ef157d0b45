"""A command group that builds a command when it is asked for: `--help` needs only names and first lines."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

parts = typer.Typer()
"""Where the modules of this package register their commands."""


class _Built(MutableMapping[str, Any]):
    """The registered commands by name, each built once, at its first use."""

    def __init__(self) -> None:
        self.outline = _outline()
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _build(self.outline.commands[name].name)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = self.outline.commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self.outline.commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outline.commands)

    def __len__(self) -> int:
        return len(self.outline.commands)


class OnDemand(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._known = _Built()
        self.commands = self._known

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        self._known.outline.format_commands(ctx, formatter)


def _outline() -> TyperGroup:
    """Every command with its name and text, without its flags."""
    texts = {_name(info): info.help or inspect.getdoc(info.callback) for info in parts.registered_commands}
    texts |= {_name(info): info.typer_instance.info.help for info in parts.registered_groups}  # type: ignore[union-attr]
    return TyperGroup(commands={name: TyperCommand(name, help=text) for name, text in texts.items()})


def _build(name: str | None) -> Any:
    one = typer.Typer(rich_markup_mode=None)
    one.registered_commands = [info for info in parts.registered_commands if _name(info) == name]
    one.registered_groups = [info for info in parts.registered_groups if _name(info) == name]
    return typer.main.get_group(one).commands[str(name)]


def _name(info: Any) -> str:
    """The name that the library would give: what was asked for, or the function's with hyphens."""
    return str(info.name or typer.main.get_command_name(info.callback.__name__))
