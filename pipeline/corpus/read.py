"""All a consumer needs to read the corpus: pyarrow and nothing else of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corpus import feed
from pipeline.corpus.schema import ARTICLES, TABLES, from_table, read_parquet
from pipeline.errors import CorpusError, UsageError
from pipeline.records import Document

LATEST = "latest"
"""The link to the newest version; in capitals the text file that names it where links cannot be."""

MANIFEST = "manifest.json"
"""What a version is made of; a folder without it is no version."""

CHANGES_FILE = "changes.parquet"
"""What a version changed against its parent; what stays of it when the version goes: feed.py."""


def list_versions(clean: str | Path = "clean") -> list[str]:
    """The versions in a corpus folder, oldest first."""
    folder = Path(clean)
    inside = folder.iterdir() if folder.is_dir() else ()
    names = [p.name for p in inside if feed.VERSION.fullmatch(p.name) and (p / MANIFEST).is_file()]
    return sorted(names, key=version_key)


def version_key(version: str) -> tuple[int, ...]:
    """What to sort versions by."""
    return tuple(int(n) for n in version.split("."))


def version_folder(clean: str | Path = "clean", version: str | None = None) -> Path:
    """The folder of a version: `2.37.0`, `2.37` for its newest revision, None for the latest.

    UsageError names the folder and what is there instead.
    """
    folder = Path(clean)
    have = list_versions(folder)
    if not have:
        raise UsageError(
            f"{folder}: no version of the corpus here; make one with `corpus refresh` or `corpus build`"
        )
    if version is None or version == LATEST:
        return folder / latest(folder)
    fitting = named(have, version)
    if not fitting:
        if named(sorted(feed.files(folder)), version):
            raise UsageError(
                f"{folder}: version {version} was collected; `corpus changes --since {version}` still tells what to"
                f" add, update and delete. There are {', '.join(have)}; `corpus pin` keeps one"
            )
        raise UsageError(f"{folder}: there is no version {version}; there are {', '.join(have)}")
    return folder / fitting[-1]


def named(have: Sequence[str], said: str) -> list[str]:
    """Those of the versions that are meant: `2.37.0`, or every revision of `2.37`; oldest first."""
    return [version for version in have if version == said or version.startswith(said + ".")]


def latest(clean: Path) -> str:
    """The version `latest` points at; the newest where there is no pointer."""
    link, text = clean / LATEST, clean / LATEST.upper()
    if link.is_symlink() and link.exists():
        return link.resolve().name
    if text.is_file():
        return text.read_text(encoding="utf-8").strip()
    return list_versions(clean)[-1]


def read(
    clean: str | Path = "clean",
    *,
    version: str | None = None,
    table: str = ARTICLES,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The rows of a version as an Arrow table, in the order of their files.

    `table` is articles (what is published) or dropped (everything else, with its reason). UsageError for an
    unknown version, table or column.
    """
    return pa.concat_tables(list(tables(clean, version=version, table=table, columns=columns)))


def documents(
    clean: str | Path = "clean", *, version: str | None = None, table: str = ARTICLES
) -> Iterator[Document]:
    """The rows of a version as documents, one file in memory at a time."""
    for part in tables(clean, version=version, table=table):
        yield from from_table(part)


def tables(
    clean: str | Path = "clean",
    *,
    version: str | None = None,
    table: str = ARTICLES,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.Table]:
    """The rows of a version, an Arrow table a file; at least one, if only an empty one."""
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}; there are {', '.join(TABLES)}")
    empty = read_parquet([])
    unknown = sorted(set(columns or ()) - set(empty.schema.names))
    if unknown:
        raise UsageError(f"no column {', '.join(unknown)}; there are {', '.join(empty.schema.names)}")
    paths = sorted((version_folder(clean, version) / table).glob("*.parquet"))
    yield read_parquet([], columns)
    for path in paths:
        yield read_parquet([path], columns)


def read_changes(clean: str | Path = "clean", *, since: str, until: str | None = None) -> pa.Table:
    """What to add, update and delete to come from one version to another (None: the latest), by document.

    Columns as `feed.FEED`: id, kind (added, changed, removed), cause, hashes before and after. The versions in between,
    and `since` itself, may have been collected. `2.37` of `since` is the release as it was first published, so that
    what was taken down from it later is told; of `until` its newest revision. UsageError for a version nobody knows.
    """
    folder = Path(clean)
    have, files = list_versions(folder), feed.files(folder)
    known = sorted({*have, *files}, key=version_key)
    first = _known(folder, known, since)[0]
    newest = latest(folder) if have else known[-1]
    last = newest if until in (None, LATEST) else _known(folder, known, until or "")[-1]
    try:
        parents = {version: feed.made_upon(path) for version, path in files.items()}
        lacking = {version: _parent(folder / version) for version in have if version not in files}
        steps = [
            (feed.load(files[v]) if v in files else _changes_of(folder, v, lacking[v]), is_forth)
            for v, is_forth in feed.route({**parents, **lacking}, first, last)
        ]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CorpusError(
            f"{folder / feed.FOLDER}: {error}; `corpus verify` says which file is damaged"
        ) from error
    return feed.fold(steps, first, last)


def _known(folder: Path, known: Sequence[str], said: str) -> list[str]:
    """The versions meant, of those there are or were."""
    fitting = named(known, said)
    if not fitting:
        told = f"there are {known[0]} to {known[-1]}" if known else "there is none"
        raise UsageError(f"{folder}: nothing is known of a version {said}; {told}")
    return fitting


def _parent(version: Path) -> str | None:
    """The version that a version was made upon."""
    parent: str | None = json.loads((version / MANIFEST).read_text(encoding="utf-8"))["parent"]
    return parent


def _changes_of(folder: Path, version: str, parent: str | None) -> pa.Table:
    """What a version changed, where its file in the feed is not made yet."""
    return feed.of_release(pq.read_table(folder / version / CHANGES_FILE), parent, version)
