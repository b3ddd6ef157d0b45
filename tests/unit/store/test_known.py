"""What files of versions hold of some records: of each the newest version, wherever it lies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.store.versions import known, raw
from cs_connector.store.versions.digests import digests

IDS = "abcdef"


class Version(NamedTuple):
    id: str
    deleted: bool
    text: str


VERSIONS = st.builds(Version, st.sampled_from(IDS), st.booleans(), st.sampled_from("xyz"))
FOLDS = st.lists(st.lists(VERSIONS, min_size=1, max_size=4, unique_by=lambda v: v.id), min_size=1, max_size=5)


def file(folder: Path, number: int, folds: Sequence[tuple[int, Sequence[Version]]]) -> Path:
    """A file with the versions of one or more folds, a row group each."""
    path = folder / f"{number}.parquet"
    raw.write(path, [raw.shaped(table(versions), at) for at, versions in folds])
    return path


def table(versions: Sequence[Version]) -> pa.Table:
    ids, deleted, texts = zip(*versions, strict=True)
    columns = [pa.array(ids), pa.array(texts), pa.array(deleted), pa.array(texts)]
    return pa.table(columns, ["id", "modified_at", "deleted", "payload"])


@settings(deadline=None)
@given(
    folds=FOLDS,
    places=st.lists(st.integers(0, 2), min_size=5, max_size=5),
    asked=st.sets(st.sampled_from(IDS), min_size=1),
)
def test_the_newest_version_counts_however_the_folds_lie_in_files(
    tmp_path_factory: pytest.TempPathFactory, folds: list[list[Version]], places: list[int], asked: set[str]
) -> None:
    numbered = list(enumerate(folds))
    folder = tmp_path_factory.mktemp("known")
    shares = [
        [fold for fold, there in zip(numbered, places, strict=False) if there == place] for place in range(3)
    ]
    files = [file(folder, number, share) for number, share in enumerate(shares) if share]
    newest = {version.id: (at, version) for at, versions in numbered for version in versions}
    ids = sorted(asked)

    found = known.Known(known.opened(files), pa.array(ids), pa.array(["x"] * len(ids)))
    found.compare(found.at != known.NEVER)

    assert found.at.tolist() == [newest[id_][0] if id_ in newest else known.NEVER for id_ in ids]
    for place, (_, version) in ((n, newest[id_]) for n, id_ in enumerate(ids) if id_ in newest):
        assert found.deleted[place] == version.deleted
        assert found.moved[place] == (version.text != "x")
        assert found.digest[place] == digests(pa.array([version.text]))[0]


def test_an_older_file_is_not_looked_through_for_what_a_newer_one_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [file(tmp_path, n, [(n, [Version(id_, False, "x") for id_ in IDS])]) for n in (0, 1)]
    looked = []
    real = known.Known._look
    monkeypatch.setattr(known.Known, "_look", lambda *args: (looked.append(args[1]), real(*args)))

    known.Known(known.opened(files), pa.array(["b"]), pa.array(["x"]))

    assert looked == [0]
