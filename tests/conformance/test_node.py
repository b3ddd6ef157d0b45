"""The Node child answers, and tells what a client threw."""

from __future__ import annotations

import pytest

from .node_child import NodeChild, NodeFailed


def test_an_answer_and_an_error(node: NodeChild) -> None:
    accepted, refused = node.call("soql", "refusals", texts=["SELECT Id FROM Account", "SELECT FROM"])
    assert accepted is None
    assert refused
    with pytest.raises(NodeFailed, match="no driver"):
        node.call("nobody", "x")
