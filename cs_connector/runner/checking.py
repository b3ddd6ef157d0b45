"""Is everything in order: connections and store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from cs_connector.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    NotPermitted,
    QuotaExhausted,
    Unavailable,
)
from cs_connector.store.guard import risky

from . import provisioning
from .engine import Engine
from .identity import people
from .reading import withdrawn
from .reading.halted import worst

AHEAD = timedelta(days=180)  # before the end of a version
MOST_SKEW = 60.0  # seconds; signed logins allow for about three minutes
_AWAY = "look at the network of this machine and at the address of the connection; if the CRM is down, it only needs time"


def check(engine: Engine) -> list[dict[str, Any]]:
    """Every check with its verdict and, where it failed, the fix and the exit code of that."""
    found = [_tried("store", lambda: _store(engine))]
    for name in engine.project.settings.connections:
        who = _tried(f"connection {name}", partial(_who, engine, name))
        found.append(who)
        if who["ok"]:
            further = {
                "permissions": _permitted,
                "objects": _seen,
                "version": _current,
                "allowance": _allowed,
                "clock": _on_time,
                "fields": _furnished,
            }
            tried = [_tried(f"{name} {what}", partial(look, engine, name)) for what, look in further.items()]
            found += [line for line in tried if line["text"]]
    named = _tried("tasks", partial(people.check, engine))
    return [*found, *([named] if named["text"] else [])]


def ends(found: Iterable[Mapping[str, Any]]) -> int:
    """The exit code of all checks together: 0, or that of the worst. What nothing else is said of is an admin's."""
    codes = [line["exit"] for line in found if not line["ok"]]
    return (
        worst(NotPermitted.exit_code if code == ConnectorError.exit_code else code for code in codes)
        if codes
        else 0
    )


def _tried(name: str, work: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "text": work(), "fix": "", "exit": 0}
    except ConnectorError as error:
        text = error.what + (f": {error.why}" if error.why else "")
        fix = error.fix or (_AWAY if isinstance(error, Unavailable) else "")
        return {"name": name, "ok": False, "text": text, "fix": fix, "exit": error.exit_code}


def _store(engine: Engine) -> str:
    engine.store.state.check()
    kind = engine.store.state.engine.dialect.name
    if kind == "sqlite":
        safe = "one writer at a time, because this version can damage its log" if risky() else "safe as it is"
        kind = f"SQLite {sqlite3.sqlite_version} ({safe})"
    return f"{kind}, {len(engine.store.facts.datasets())} datasets"


def _who(engine: Engine, name: str) -> str:
    identity = engine.identify(name)
    kind = "sandbox" if identity.sandbox else "PRODUCTION"
    if not engine.adapter(name).capabilities.writes:  # such as files: there is no org to endanger
        kind = "read only"
    return f"{identity.name or identity.org_id} ({identity.org_id}), {kind}"


def _permitted(engine: Engine, name: str) -> str:
    """Raises NotPermitted for permissions that the login lacks, as far as the CRM tells which it has."""
    adapter = engine.adapter(name)
    given = set(adapter.check().scopes)
    lacking = [scope for scope in adapter.scopes if scope.name not in given]
    if not given or not adapter.scopes:
        return ""
    if lacking:
        raise NotPermitted(
            "the login lacks permissions",
            why="; ".join(f"{scope.name} ({scope.why})" for scope in lacking),
            fix=f"add them to the app, then: cs-connector connect {name}",
        )
    count = len(adapter.scopes)
    return "the one that is needed" if count == 1 else f"all {count} that are needed"


def _seen(engine: Engine, name: str) -> str:
    """Raises NotPermitted for objects that could be read before: a CRM does not say which permission an object needs."""
    if not engine.adapter(name).capabilities.deletes:
        return _filed(engine, name)
    lost = withdrawn.names(engine, name)
    if lost:
        raise NotPermitted(
            f"the last sync could not read {', '.join(lost)} any more",
            fix="give the login the permission again, or take it out of the mapping; then: cs-connector sync",
        )
    return ""


def _filed(engine: Engine, name: str) -> str:
    """Of a system in which things lie about, such as files. Raises ConfigError where there are none of an object."""
    wanted = next(list(s.mapping.objects()) for s in engine.sources() if s.connection == name)
    there = {info.name for info in engine.adapter(name).describe(wanted)}
    if lacking := [each for each in wanted if each not in there]:
        raise ConfigError(
            f"nothing is there of {', '.join(lacking)} that can be read",
            why=f"of {', '.join(sorted(there))} there is" if there else "",
            fix=f"put it there, correct objects: of {name} in cs-connector.yml, or take it out of the mapping",
        )
    return f"{', '.join(wanted)}; rows that are deleted from these files stay known here"


def _current(engine: Engine, name: str) -> str:
    """Raises ConfigError half a year before the version of the API that we speak may be gone."""
    found = engine.adapter(name).release()
    if found is None:
        return ""
    text = f"{found.pinned} of the API; {found.oldest} to {found.newest} are taken"
    if found.ends is None:
        return text
    if found.ends - engine.clock.now().date() < AHEAD:
        raise ConfigError(
            f"version {found.pinned} of the API may be gone from {found.ends:%d %B %Y}",
            why="the vendor ends it",
            fix=f"set api_version of {name} to {found.newest}, then: cs-connector doctor",
        )
    return f"{text}; ours may be gone from {found.ends:%B %Y}"


def _allowed(engine: Engine, name: str) -> str:
    """Raises QuotaExhausted when no more is left than is kept for people."""
    usage = engine.adapter(name).usage()
    if usage.limit is None or usage.left is None:
        return ""
    reserve = engine.project.settings.connections[name].reserve
    text = f"{usage.left:,} of {usage.limit:,} calls of the day are left; {reserve:.0%} are kept for people"
    if usage.left < usage.limit * reserve:
        raise QuotaExhausted(text, fix=f"wait, or make connections.{name}.reserve smaller")
    return text


def _on_time(engine: Engine, name: str) -> str:
    """Raises AuthFailed when the CRM's clock and ours are so far apart that logins fail."""
    skew = engine.adapter(name).usage().skew
    if skew is None:
        return ""
    if abs(skew) > MOST_SKEW:
        raise AuthFailed(
            f"our clock and the CRM's are {abs(skew):,.0f} seconds apart",
            why="logins by signed tokens are refused then, and changes may be missed",
            fix="set the clock of this machine",
        )
    apart = round(abs(skew))
    return f"{apart} second{'' if apart == 1 else 's'} apart"


def _furnished(engine: Engine, name: str) -> str:
    """Raises ConnectorError for fields of ours that a CRM lacks although we write to it."""
    if not engine.project.settings.connections[name].write or not engine.adapter(name).capabilities.writes:
        return ""
    lack = provisioning.missing(engine, name)
    see = f"cs-connector provision plan {name}"
    if lack.fields:
        raise ConnectorError(f"{lack.fields:,} of {lack.written:,} fields that we write are missing", fix=see)
    others = "1 other piece of ours is" if lack.others == 1 else f"{lack.others:,} other pieces of ours are"
    more = f"; {others} not: {see}" if lack.others else ""
    there = "the one that we write is" if lack.written == 1 else f"all {lack.written:,} that we write are"
    return f"{there} there{more}" if lack.written else ""
