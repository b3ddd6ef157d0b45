"""Records that clients read and write one by one; the kinds add their own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any

import msgspec

from cs_connector.sandbox.pages import Pages, Places
from cs_connector.sandbox.wire import Body, Response

from ..answers import JSON, empty, missing, not_found, reply
from ..call import Call
from ..digits import number
from ..kinds import Kind
from ..paths import Routes
from ..state import State
from .listing import Listings
from .look import Look
from .paging import Lister
from .rendered import Rendered
from .rows import Rows
from .table import Key, Record
from .values import checked, retagged
from .writing import fitted

CURSOR_ONLY = frozenset({"page[size]", "page[after]", "page[before]", "sort"})


class Resource:
    """List, show, create, update and delete one kind of record."""

    kind: Kind
    identifiers: tuple[str, ...] = ("external_id",)  # besides id, what finds a record to update

    def __init__(self, state: State) -> None:
        self.state = state
        self.table = state.table(self.kind)
        self.look = Look(state, self.kind, self.drawn)
        self.rendered = Rendered(self.table, self.look)
        self._listings = Listings(self.table, self.rendered)
        self.pages = Pages()
        self.places: Places[Any] = Places()

    def routes(self) -> Routes:
        noun = self.kind.where
        return self.reading() | {
            ("POST", noun): self.create,
            ("PUT", f"{noun}/:id"): self.update,
            ("DELETE", f"{noun}/:id"): self.delete,
        }

    def reading(self) -> Routes:
        noun = self.kind.where
        return {
            ("GET", noun): self.all,
            ("GET", f"{noun}/count"): self.count,
            ("GET", f"{noun}/:id"): self.show,
        }

    # What a kind may refine

    def alive(self, record: Record) -> bool:
        return not record.get("deleted_at")

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        """Raise Refusal (422) where a rule is broken, and fill in what follows from other values."""

    def buried(self, record: Record) -> dict[str, Any]:
        """The record after its deletion."""
        return {**record, "deleted_at": self.state.stamp()}

    def after(self, new: Record, old: Record | None) -> None:
        """Do what follows from a change elsewhere. `old` is None for a new record."""

    def shown(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        """The part of an answer with these records and their sideloads."""
        del call
        return {self.kind.plural: self.rendered.rows(records)}

    # Reading

    def view(self, record: Record) -> dict[str, Any]:
        return self.state.view(self.kind, record)

    def drawn(self, record: Record) -> bytes:
        """The view as an answer holds it."""
        return msgspec.json.encode(self.view(record))

    def lister(self, path: str = "") -> Lister:
        plural = self.kind.plural
        return Lister(self.state, self.table, path or self.kind.where, plural, self.alive)

    def listed(self, call: Call, ids: Sequence[Key] | None = None, path: str = "") -> Response:
        """A page; one that follows from this kind's records alone is sent again as long as they are the same."""
        copied = self.copied(call, path) if ids is None else None
        return self._listed(call, ids, path) if copied is None else copied

    def copied(self, call: Call, path: str = "") -> Response | None:
        """A page of a list of everything that was asked for before, where it can be copied from a file."""
        body = self._listings.page(call.request.query_string, path, self._turn)
        return None if body is None else Response(200, body, {"content-type": JSON})

    @property
    def _turn(self) -> tuple[Any, ...]:
        """Another one whenever the same list is answered in another way."""
        return self.table.version, self.table.hidden, self.state.look

    def _listed(self, call: Call, ids: Sequence[Key] | None, path: str) -> Response:
        lasting = ids is None and call.query.keys() <= CURSOR_ONLY
        key, state = (path, call.request.query_string), self._turn
        known = self._known(key, state) if lasting else None
        if known is not None:
            return Response(200, known, {"content-type": JSON})
        page = self.lister(path).page(call, ids)
        place = self._place(dict(page)) if lasting else None
        copied = None if place is None else self.rendered.whole(*place)
        if copied is not None:
            self.places.keep(key, state, place)
            address = self.state.url(path or self.kind.where)
            self._listings.begin(call, path, self.kind.plural, address, state, self.state.limits.page)
            return Response(200, copied, {"content-type": JSON})
        response = reply({**page, **self.shown(page[self.kind.plural], call)})
        if lasting:
            self.pages.keep(key, state, response.body)
        return response

    def _known(self, key: Any, state: Any) -> Body | None:
        """A page that was sent before: kept, or read again where it came with a file."""
        place = self.places.find(key, state)
        return self.pages.find(key, state) if place is None else self.rendered.whole(*place)

    def _place(self, page: dict[str, Any]) -> tuple[Sequence[Key], bytes, bytes] | None:
        """The records of a page, and what is before and after them."""
        rows = page.pop(self.kind.plural)
        if not isinstance(rows, Rows):
            return None
        return rows.keys, b'{"%b":[' % self.kind.plural.encode(), b"]," + msgspec.json.encode(page)[1:]

    def all(self, call: Call) -> Response:
        return self.listed(call)

    def count(self, _: Call) -> Response:
        return self.counted(self.table.kept(self.alive))

    def counted(self, found: Iterable[Any]) -> Response:
        value = len(found) if isinstance(found, Sized) else sum(1 for _ in found)
        return reply({"count": {"value": value, "refreshed_at": self.state.stamp()}})

    def show(self, call: Call) -> Response:
        answer = self.shown(self.one(call.ident), call)
        return reply({self.kind.singular: answer.pop(self.kind.plural)[0], **answer})

    def show_many(self, call: Call) -> Response:
        records = self.chosen(call)
        paging = {"next_page": None, "previous_page": None, "count": len(records)}
        return reply({**self.shown(records, call), **paging})

    def one(self, ident: str) -> Sequence[Record]:
        """A live record by id, which may be unread. Raises Refusal (404)."""
        key = number(ident)
        if key in self.table.drawn.held and all(self.table.listed([key]) or ()):
            return Rows(self.table, [key])
        return [self.find(ident)]

    def find(self, ident: Any) -> Record:
        """A live record by id. Raises Refusal (404)."""
        key = number(str(ident))
        record = None if key is None else self.table.get(key)
        if record is None or not self.alive(record):
            raise not_found()
        return record

    def chosen(self, call: Call) -> list[Record]:
        """The live records named by ?ids= or ?external_ids=; unknown ones are left out."""
        most = self.state.limits.bulk
        if "external_ids" in call.query and "ids" not in call.query:
            wanted = call.values("external_ids", most)
            return [record for part in wanted for record in self.having("external_id", part)]
        keys = map(number, call.values("ids", most))
        found = [self.table.get(key) for key in keys if key is not None]
        return [record for record in found if record is not None and self.alive(record)]

    def living(self) -> Iterable[Record]:
        """Every live record, by id."""
        found = (self.table.get(key) for key in self.table.ids())
        return (record for record in found if record is not None and self.alive(record))

    def having(self, name: str, value: Any) -> list[Record]:
        """Live records whose field has this value, whatever its case."""
        found = (self.table.get(key) for key in self.table.where(name, value))
        return [record for record in found if record is not None and self.alive(record)]

    # Writing

    def create(self, call: Call) -> Response:
        record = self.add(call.part(self.kind.singular), call.ignored)
        view = self.view(record)
        return reply({self.kind.singular: view}, 201, {"location": view.get("url", "")})

    def update(self, call: Call) -> Response:
        record = self.change(self.find(call.ident), call.part(self.kind.singular), call.ignored)
        return reply({self.kind.singular: self.view(record)})

    def create_or_update(self, call: Call) -> Response:
        """201 for a new record, 200 for one that was found by its id or another identifier."""
        asked = call.part(self.kind.singular)
        found = self.same(asked)
        if found is None:
            return self.create(call)
        record = self.change(found, asked, call.ignored)
        return reply({self.kind.singular: self.view(record)})

    def delete(self, call: Call) -> Response:
        self.bury(self.find(call.ident))
        return empty()

    def bury(self, old: Record) -> Record:
        new = {**self.buried(old), "updated_at": self.state.stamp()}
        self.state.keep(self.kind, new, old)
        self.state.log(self.kind.plural, old["id"], "delete", changed(old, new), None)
        return new

    def erase(self, old: Record) -> None:
        """Remove a record of which nothing stays."""
        self.state.drop(self.kind, old["id"])
        self.state.log(self.kind.plural, old["id"], "delete", dict(old), None)

    def same(self, asked: Mapping[str, Any]) -> Record | None:
        """The record that a client means by its id or another identifier."""
        if asked.get("id") is not None:
            return self.find(asked["id"])
        for name in self.identifiers:
            found = self.having(name, asked[name]) if asked.get(name) is not None else []
            if found:
                return found[0]
        return None

    def add(self, asked: Mapping[str, Any], ignored: list[str]) -> Record:
        """Make a record. Raises Refusal (422)."""
        now = self.state.stamp()
        new: dict[str, Any] = {"created_at": now, "updated_at": now}
        self._take(asked, new, ignored)
        self.validate(new, None)
        new.setdefault("id", self.state.new_id())
        self.state.keep(self.kind, new, None)
        self.state.log(self.kind.plural, new["id"], "create", None, self.named(new, asked))
        self.after(new, None)
        return self.table.get(new["id"]) or new

    def change(self, old: Record, asked: Mapping[str, Any], ignored: list[str]) -> Record:
        """Change a record; one that stays as it was keeps its time. Raises Refusal (422)."""
        new = dict(old)
        self._take(asked, new, ignored)
        self.validate(new, old)
        if new != old:
            new["updated_at"] = self.state.stamp()
            self.touched(new)
        self.state.keep(self.kind, new, old)
        self.state.log(self.kind.plural, old["id"], "update", self.named(old, asked), self.named(new, asked))
        self.after(new, old)
        return self.table.get(new["id"]) or new

    def touched(self, new: dict[str, Any]) -> None:
        """Set what else tells that a record changed."""

    def named(self, record: Record, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Of a record, what a request named; of the customer's own fields, those that it named."""
        named = {name: record.get(name) for name in asked if name in self.kind.writable and name in record}
        values = asked.get(self.kind.custom) if self.kind.custom else None
        if isinstance(values, dict):
            held = record.get(self.kind.custom) or {}
            known = self.state.definitions(self.kind.definitions)
            named[self.kind.custom] = {key: held.get(key) for key in values if key in known}
        return named

    def _take(self, asked: Mapping[str, Any], new: dict[str, Any], ignored: list[str]) -> None:
        removed = self.state.removed.get(self.kind.plural, frozenset())
        for name, value in asked.items():
            if name == self.kind.custom:
                continue
            if name in self.kind.writable and name not in removed:
                new[name] = fitted(self.kind, name, value)
            else:
                ignored.append(f"{self.kind.singular}.{name}")
        values = asked.get(self.kind.custom) if self.kind.custom else None
        if isinstance(values, dict):
            self._take_custom(values, new, ignored)

    def _take_custom(self, values: Mapping[str, Any], new: dict[str, Any], ignored: list[str]) -> None:
        definitions = self.state.definitions(self.kind.definitions)
        held = dict(new.get(self.kind.custom) or {})
        old = dict(held)
        for key, value in values.items():
            if key in definitions:
                held[key] = checked(definitions[key], value)
            else:
                ignored.append(f"{self.kind.singular}.{self.kind.custom}.{key}")
        if held == old:
            return
        new[self.kind.custom] = held
        if "tags" in self.kind.columns:
            new["tags"] = retagged(list(new.get("tags") or ()), definitions, old, held)


def required(asked: Mapping[str, Any], *names: str) -> None:
    """Raise Refusal (400) where a request lacks what it must name."""
    for name in names:
        if asked.get(name) in (None, ""):
            raise missing(name)


def changed(old: Record, new: Record) -> dict[str, Any]:
    """What a record held before it became `new`, as far as that differs."""
    return {name: old.get(name) for name in new if old.get(name) != new[name]}
