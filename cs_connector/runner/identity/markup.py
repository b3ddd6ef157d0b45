"""The report on who is who as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

MOST = 500  # rows of a table; the JSON file has all
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d9dee3;vertical-align:top}"
    "th{font-weight:600;background:#f4f6f8;position:sticky;top:0}.number{text-align:right}p{color:#4a5560}"
    "@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}th{background:#1f2428}"
    "th,td{border-color:#343a40}p{color:#a9b2ba}}"
)
_TABLES: tuple[tuple[str, str, str], ...] = (
    ("coverage", "Coverage", "Records that are one with a record of another system."),
    ("conflicts", "Conflicts", "Likely the same, but that would contradict something else: nothing was joined."),
    ("near_misses", "Near misses", "Not likely enough to be joined: cs-connector link or unlink says what is right."),
    ("pending_splits", "Splits that wait", "Nothing holds these records in their entity any more; they stay until somebody unlinks them."),
    ("events", "Merges and splits", "Entities that became one (other_id went into entity_id), and records that left."),
    ("decisions", "Decisions", "What people said; it stands above all evidence."),
    ("hierarchy", "The tree of accounts", "Parents that are not there, circles, and other odd places."),
    ("disagreements", "Disagreements", "What a system says of an account and is not believed; precedence.yml says who is."),
    ("unmatched", "Unmatched", "Records that are one with no other."),
)  # fmt: skip


def page(document: Mapping[str, Any]) -> str:
    parts = [_section(title, text, document.get(name, [])) for name, title, text in _TABLES]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Who is who</title><style>{_STYLE}</style></head><body><h1>Who is who</h1>"
        f"<p>As of {escape(str(document['as_of']))}</p>{''.join(parts)}</body></html>\n"
    )


def _section(title: str, text: str, rows: list[dict[str, Any]]) -> str:
    head = f"<h2>{escape(title)} ({len(rows):,})</h2><p>{escape(text)}</p>"
    if not rows:
        return head
    names = list(rows[0])
    titles = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in names)
    body = "".join(f"<tr>{''.join(_cells(row, names))}</tr>" for row in rows[:MOST])
    more = f"<p>and {len(rows) - MOST:,} more in identity.json</p>" if len(rows) > MOST else ""
    return f"{head}<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cells(row: Mapping[str, Any], names: Iterable[str]) -> Iterable[str]:
    for name in names:
        value = row.get(name)
        shown = ", ".join(f"{k} {v:,}" for k, v in value.items()) if isinstance(value, dict) else value
        kind = ' class="number"' if isinstance(value, int | float) else ""
        yield f"<td{kind}>{'' if shown is None else escape(str(shown))}</td>"
