"""Every skip is counted: in a strict run only tests on data that is not there may be skipped."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from .conformance import summary
from .e2e.company import blank, done, env, folder, fresh, ran, sandbox, untouched

if TYPE_CHECKING:
    from xdist.remote import Producer

    from .together import Together

# Here, because two folders that each took them in would each have the main job done.
__all__ = ["blank", "done", "env", "folder", "fresh", "ran", "sandbox", "untouched"]

STRICT = os.environ.get("CS_CONNECTOR_STRICT") == "1"
HAS_DATA = bool(os.environ.get("CS_CONNECTOR_DATA"))


@pytest.fixture(scope="session", autouse=True)
def one_key() -> Iterator[None]:
    """Making a key takes longer than most tests: all orgs of a test process have the same."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", cache(rsa.generate_private_key))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_migration() -> Iterator[None]:
    """A new SQLite store gets at once what all migrations left in the first one of this test process."""
    from cs_connector.store import schema

    migrate, left = schema.upgrade, list[str]()

    def upgrade(connection: sa.Connection, revision: str = "head") -> None:
        known = connection.dialect.name == "sqlite" and revision == "head"
        if not known or schema.current(connection) is not None:
            migrate(connection, revision)
        elif left:
            for statement in left:
                connection.exec_driver_sql(statement)
        else:
            migrate(connection, revision)
            raw: Any = connection.connection.driver_connection
            left.extend(s for s in raw.iterdump() if s not in ("BEGIN TRANSACTION;", "COMMIT;"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "upgrade", upgrade)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests are made and none is thrown away: nobody needs to look through them for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    """`--dist loadgroup` is ours."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from .together import Together

    return Together(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long is slow, too: `-m "not slow"` alone is the quick part."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.slow)


def _unexpected(reports: list[pytest.TestReport]) -> list[pytest.TestReport]:
    return [r for r in reports if HAS_DATA or "recorded" not in r.keywords]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_line(
        f"skipped: {len(reports)} (recorded data {'present' if HAS_DATA else 'absent'})"
    )
    if STRICT and (found := _unexpected(reports)):
        terminalreporter.write_line(f"{len(found)} tests were skipped that a strict run needs:", red=True)
        for report in found:
            terminalreporter.write_line(f"  {report.nodeid}", red=True)
    for line in summary.lines(terminalreporter.stats):
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if STRICT and reporter and _unexpected(reporter.stats.get("skipped", [])) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
