"""Trees that come to the same for all relationships of an account: it is enough to compute them for one of those."""

from __future__ import annotations

from collections.abc import Collection

from cs_connector.language.tree import Cells, Given, Node, Peers, Scan, below


def alike(node: Node, attached: Collection[str]) -> bool:
    """Whether a tree does; `attached` are the entities of which some rows are about a relationship of their own."""
    if isinstance(node, Given | Cells | Peers):
        return False
    if isinstance(node, Scan):
        return node.of != "relationship" or _shared(node, attached)
    return all(alike(one, attached) for one in below(node))


def _shared(node: Scan, attached: Collection[str]) -> bool:
    """Whether every row of an account counts for all of its relationships."""
    return node.entity not in {"relationship", *attached} and "product" not in node.shape.columns
