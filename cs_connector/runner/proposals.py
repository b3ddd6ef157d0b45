"""Writes a proposal as a mapping file of its own beside the one in use; nothing reads it before it is renamed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

from cs_connector.ports import ObjectInfo
from cs_connector.unify import Source
from cs_connector.unify.mapping import FieldRule, MappingFile, ReadRule
from cs_connector.unify.proposing import Guess, Match, Proposal, propose

from . import drift
from .engine import Engine

ENDING = ".proposed.yml"
# As ruamel keeps them: the third stands behind a value, and on the lines below it.
_NO_COMMENT = (None, None, None, None)


def write(engine: Engine, source: Source, shown: Iterable[ObjectInfo]) -> Path:
    """Propose from what an org shows of itself; a proposal of before is replaced."""
    objects = {info.name: info for info in shown}
    wanted, adapter = source.mapping.objects(), engine.adapter(source.connection)
    unseen = sorted(wanted.keys() - objects.keys())
    told = [drift.sought(adapter, info, wanted[info.name]) for info in adapter.describe(unseen)]
    objects |= {info.name: info for info in told}
    base, name = _names(engine, source.connection)
    path = engine.project.root / "mappings" / f"{name}{ENDING}"
    found = propose(source.mapping, objects.values())
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        _head(name, source, found) + _body(engine.project.mapping(base), source.mapping, found), "utf-8"
    )
    return path


def _names(engine: Engine, connection: str) -> tuple[str, str]:
    """The mapping that a connection uses, and what to call another one: as it, for the first connection that uses it."""
    used = {name: c.mapping or c.adapter for name, c in engine.project.settings.connections.items()}
    base = used[connection]
    first = next(name for name, other in used.items() if other == base)
    return base, base if first == connection else connection


def _head(name: str, source: Source, found: Proposal) -> str:
    """What was found and is not in the file, and what to do with it."""
    lines = [
        f"A proposal for {source.connection}, made by discover: nothing reads it. Look through it, above all at the lines",
        f"with a comment, and rename it to {name}.yml, the mapping: of {source.connection}. What is new are guesses by names and types.",
        *(_left_out(source.mapping.read[index], gone) for index, gone in found.missing.items()),
        *(
            f"{guess.object} could be read as {guess.entity} too: {_evidence(guess)}"
            for guess in found.others
        ),
        *(
            f"{product} looks like a list of products: they can be named in product of subscriptions"
            for product in found.products
        ),
    ]
    return "".join(f"# {line}\n" for line in lines)


def _left_out(rule: ReadRule, gone: frozenset[str] | None) -> str:
    if gone is None:
        return f"left out: {rule.object} as {rule.entity}, which is not in this org"
    fields = ", ".join(sorted(gone))
    if _dead(rule, gone):
        return f"left out: {rule.object} as {rule.entity}, which cannot be read without {fields}"
    return f"left out: {fields} of {rule.object}, not in this org"


def _body(base: Path, mapping: MappingFile, found: Proposal) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = _tree(yaml, base, mapping)
    rules = tree["read"]
    for index in reversed(range(len(rules))):
        if _dead(mapping.read[index], found.missing.get(index, frozenset())):
            del rules[index]
        else:
            _mend(rules[index], mapping, index, found)
    for guess in found.rules:
        rules.append(_rule(mapping, guess))
        rules.yaml_set_comment_before_after_key(
            len(rules) - 1,
            before=f"{guess.object} could be read as {guess.entity}: {_evidence(guess)}",
            indent=2,
        )
    text = io.StringIO()
    yaml.dump(tree, text)
    return text.getvalue()


def _tree(yaml: YAML, base: Path, mapping: MappingFile) -> Any:
    """The file as it is, or what comes of laying it over another one."""
    tree = yaml.load(base.read_text("utf-8"))
    if "extends" not in tree or mapping.document is None:
        return tree
    whole = io.StringIO()
    yaml.dump(mapping.document.data, whole)
    return yaml.load(whole.getvalue())


def _dead(rule: ReadRule, gone: frozenset[str] | None) -> bool:
    """Whether a rule cannot be kept: its object, or a field that decides about its records, is not there."""
    if gone is None:
        return True
    deciding = {c.field for c in rule.where}
    deciding |= set(rule.adds_to.sources) if rule.adds_to else set()
    money = {**rule.fields, **rule.inputs}.get(rule.convert.told) if rule.convert else None
    deciding |= set(money.sources) if money else set()  # amounts of unknown currency are worse than none
    key = rule.fields.get("key") if rule.entity == "relationship" else None
    deciding |= set(key.sources) if key else set()
    return not gone.isdisjoint(deciding)


def _mend(tree: Any, mapping: MappingFile, index: int, found: Proposal) -> None:
    """Take out what is read from fields that are not there, and put in what was found instead or besides."""
    rule, gone = mapping.read[index], found.missing.get(index) or frozenset()
    fields = tree["fields"]
    below = _take_below(fields)
    if rule.same_as and rule.same_as.field in gone:
        del tree["same_as"]
    for name, how in rule.fields.items():
        if _lost(how, gone):
            del fields[name]
        elif len(how.sources) > 1:
            _thin(fields[name].get("first") or fields[name]["join"], gone)
    _unfounded(tree, rule, gone)
    for match in found.added.get(index, ()):
        _add(fields, match, mapping)
    _put_below(fields, below)


def _take_below(fields: Any) -> str:
    """Take off the last field the lines that stand below it: they are about what follows, and stay before that."""
    holder, name = _last(fields)
    token: Any = (holder.ca.items.get(name) or _NO_COMMENT)[2]
    own, _, below = token.value.partition("\n") if token else ("", "", "")
    if below and own:
        token.value = f"{own}\n"
    elif below:
        del holder.ca.items[name]
    return below


def _put_below(fields: Any, below: str) -> None:
    if not below or not fields:
        return
    holder, name = _last(fields)
    comments = holder.ca.items.setdefault(name, list(_NO_COMMENT))
    own = comments[2].value.rstrip("\n") if comments[2] else ""
    mark = comments[2].start_mark if comments[2] else CommentMark(0)
    comments[2] = CommentToken(f"{own}\n{below}", mark, None)


def _last(fields: Any) -> tuple[Any, Any]:
    """The last line of a block of fields: what holds it, and its key. The comments behind it hang there."""
    name = next(reversed(fields), None)
    inner = fields[name] if name is not None else None
    deeper = isinstance(inner, CommentedMap) and inner and not inner.fa.flow_style()
    return _last(inner) if deeper else (fields, name)


def _unfounded(tree: Any, rule: ReadRule, gone: frozenset[str]) -> None:
    """Take out inputs that nothing is left of, and the formulas that stand on what was taken out."""
    out = {name for name, how in {**rule.fields, **rule.inputs}.items() if _lost(how, gone)}
    for name in out & rule.inputs.keys():
        del tree["inputs"][name]
    while found := [n for n, how in rule.fields.items() if n not in out and out & _words(how.formula)]:
        for name in found:
            del tree["fields"][name]
        out.update(found)
    left = {word for n, how in rule.fields.items() if n not in out for word in _words(how.formula)}
    left |= (
        {rule.convert.told, *(rule.convert.on if isinstance(rule.convert.on, tuple) else ())}
        if rule.convert
        else set()
    )
    for name in rule.inputs.keys() - out - left:
        del tree["inputs"][name]


def _words(formula: str | None) -> set[str]:
    return set(re.findall(r"\w+", formula or ""))


def _lost(how: FieldRule, gone: frozenset[str]) -> bool:
    """Whether nothing is left of what an attribute is read from."""
    return bool(how.sources and gone.issuperset(how.sources)) or bool(
        how.only_if and how.only_if.field in gone
    )


def _thin(listed: list[str], gone: frozenset[str]) -> None:
    for index in reversed(range(len(listed))):
        if listed[index] in gone:
            del listed[index]


def _rule(mapping: MappingFile, guess: Guess) -> CommentedMap:
    fields = CommentedMap()
    account = next(
        o
        for o in guess.account.refers_to
        if any(r.object == o and r.entity == "account" for r in mapping.read)
    )
    fields["account_id"] = _flow(link="account", object=account, field=guess.account.name)
    for match in guess.matches:
        _add(fields, match, mapping)
    return CommentedMap(object=guess.object, entity=guess.entity, fields=fields)


def _add(fields: Any, match: Match, mapping: MappingFile) -> None:
    name = match.info.called if match.attribute == "product" and match.info.called else match.info.name
    how: Any = name
    if match.attribute.endswith("_user_id"):
        users = (r.object for r in mapping.read if r.entity == "user" and r.object in match.info.refers_to)
        how = _flow(link="user", object=next(users), field=name)
    elif match.values:
        how = _flow(field=name, values=_flow(**match.values), default=None)
    fields[match.attribute] = how
    fields.yaml_add_eol_comment(_why(match), match.attribute)


def _flow(**pairs: Any) -> CommentedMap:
    made = CommentedMap(pairs)
    made.fa.set_flow_style()
    return made


def _why(match: Match) -> str:
    """The reason for a guess, in one line that YAML takes, whatever the org says."""
    label = f"“{match.info.label}”, " if match.info.label else ""
    left = f"; no word of ours for {', '.join(match.left)}" if match.left else ""
    words = f"{label}{match.info.type}, {match.likeness:.0f} % alike{left}".split()
    return "".join(letter for letter in " ".join(words) if letter.isprintable())


def _evidence(guess: Guess) -> str:
    found = ", ".join(match.info.name for match in guess.matches)
    return f"it refers to an account by {guess.account.name}, and has {found} ({guess.likeness:.0f} %)"
