"""Clients that are told the address and the authority, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hubspot
import pytest
import requests
from simple_salesforce.api import Salesforce

from .conftest import CLIENTS, needed
from .node_child import NodeChild, NodeFailed
from .stage import MANY, Crms, started

PAGES = "SELECT Id FROM Account WHERE Name LIKE 'Page %'"


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crms]:
    with started(tmp_path_factory.mktemp("tls")) as running:
        yield running


def test_simple_salesforce(https: Crms) -> None:
    login = https.salesforce
    with requests.Session() as session:
        session.trust_env = False  # or an authority named there would count instead of ours
        session.verify = login["ca_file"]
        client = Salesforce(
            instance_url=login["base_url"], session_id=login["access_token"], session=session, version="67.0"
        )
        assert len(client.query_all(PAGES)["records"]) == MANY


@contextmanager
def node_that_trusts(ca_file: str) -> Iterator[NodeChild]:
    """A process of its own, which trusts this file beyond what it brings; none where the name is empty."""
    node, modules = Path(sys.prefix) / "bin" / "node", needed(CLIENTS / "node" / "node_modules")
    child = NodeChild(needed(node), modules, NODE_EXTRA_CA_CERTS=ca_file, NODE_TLS_REJECT_UNAUTHORIZED="1")
    yield child
    child.close()


def test_jsforce(https: Crms) -> None:
    with node_that_trusts(https.salesforce["ca_file"]) as node:
        assert node.call("jsforce", "queryMore", login=https.salesforce, soql=PAGES)["total"] == MANY


def test_a_stranger_to_the_authority_is_refused(https: Crms) -> None:
    with node_that_trusts("") as node, pytest.raises(NodeFailed, match="fetch failed"):
        node.call("hubspot", "owners", login=https.hubspot)
    with requests.Session() as session, pytest.raises(requests.exceptions.SSLError):
        session.trust_env = False
        session.get(https.zendesk["base_url"], timeout=10)


def test_a_client_of_one_sandbox_does_not_speak_to_another_with_the_same_seed(
    https: Crms, crms: Crms, node: NodeChild
) -> None:
    """The tokens are the same in both; a driver that kept its client by token would answer from the first."""
    assert crms.hubspot["access_token"] == https.hubspot["access_token"]
    assert node.call("hubspot", "owners", login=crms.hubspot)
    with pytest.raises(NodeFailed, match="fetch failed"):
        node.call("hubspot", "owners", login=https.hubspot)


def test_hubspot(https: Crms) -> None:
    login = https.hubspot
    client = hubspot.HubSpot(
        access_token=login["access_token"], host=login["base_url"], ssl_ca_cert=login["ca_file"]
    )
    assert client.crm.owners.get_all()
