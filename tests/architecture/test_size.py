"""Files, functions and nesting stay small, and nothing is left for later."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .tree import FOLDERS, ROOT, shown, sources

LINES, FUNCTION, DEPTH, MODULES = 350, 60, 3, 32
LATER = re.compile(r"#.*\b(TODO|FIXME|XXX)\b|\bNotImplementedError\b")  # "TODO" is also a kind of task
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FILES = [*sources(*FOLDERS, "bench")]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, FUNCTIONS):
            yield node


def depth(node: ast.AST) -> int:
    """How deep blocks are nested below a node; an elif is as deep as its if, an inner function starts anew."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue
        chained = isinstance(child, ast.If) and isinstance(node, ast.If) and node.orelse == [child]
        deeper = isinstance(child, BLOCKS) and not chained
        deepest = max(deepest, depth(child) + deeper)
    return deepest


def test_depth_counts_blocks_and_not_elif() -> None:
    text = "def f():\n if a:\n  pass\n elif b:\n  for c in d:\n   while e: pass\n"
    assert depth(ast.parse(text).body[0]) == 3


def test_no_file_is_long() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: count for name, count in lengths.items() if count > LINES} == {}


def test_no_folder_holds_many_modules() -> None:
    counts = Counter(shown(path.parent) for path in sources(*FOLDERS))
    assert {folder: count for folder, count in counts.items() if count > MODULES} == {}


def test_every_room_of_a_simulator_is_named() -> None:
    """In docs/architecture.md, and no room there is gone."""
    files = (ROOT / "adapters").glob("*/simulator/*/__init__.py")
    rooms = {path.parent.relative_to(ROOT / "adapters").as_posix() for path in files}
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert rooms
    assert set(re.findall(r"^\| `(\w+/simulator/\w+)` \| \w", text, re.MULTILINE)) == rooms


def test_no_function_is_long_or_deep() -> None:
    found = []
    for path in FILES:
        for node in functions(path):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION or depth(node) > DEPTH:
                found.append(f"{shown(path)}:{node.lineno} {node.name}: {length} lines, {depth(node)} deep")
    assert found == []


def test_nothing_is_left_for_later() -> None:
    lines = ((path, n, line) for path in FILES for n, line in enumerate(path.read_text().splitlines(), 1))
    assert [f"{shown(path)}:{n}: {line}" for path, n, line in lines if LATER.search(line)] == []
