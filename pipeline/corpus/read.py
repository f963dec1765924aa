"""All a consumer needs to read the corpus: pyarrow and nothing else of ours.

A URL instead of a folder is read by remote.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpus.schema import ARTICLES, TABLES, from_table, read_parquet
from pipeline.errors import UsageError
from pipeline.records import Document

LATEST = "latest"
"""The link to the newest version; in capitals the text file that names it where links cannot be."""

MANIFEST = "manifest.json"
"""What a version is made of; a folder without it is no version."""

VERSION = re.compile(r"\d+\.\d+\.\d+")
"""A version in full: SCHEMA.RELEASE.REVISION."""


def list_versions(clean: str | Path = "clean") -> list[str]:
    """The versions in a corpus folder or at a URL, oldest first."""
    if is_url(clean):
        found: list[str] = _remote().list_versions(str(clean))
        return found
    folder = Path(clean)
    inside = folder.iterdir() if folder.is_dir() else ()
    names = [p.name for p in inside if VERSION.fullmatch(p.name) and (p / MANIFEST).is_file()]
    return sorted(names, key=version_key)


def is_url(clean: str | Path) -> bool:
    """Whether a corpus is named by a URL, so not a folder of this machine."""
    return "://" in str(clean)


def _remote() -> Any:
    # by its name: what reads over the network is in no fingerprint of a build, which reads this module's source
    return import_module("pipeline.corpus.remote")


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

    `clean` is a folder, or a URL of one that is served or exported (`https://…`, `s3://…`, `hf://…`): see remote.py.
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
    yield read_parquet([], columns)
    if is_url(clean):
        yield from _remote().tables(str(clean), version, table, columns)
        return
    paths = sorted((version_folder(clean, version) / table).glob("*.parquet"))
    for path in paths:
        yield read_parquet([path], columns)
