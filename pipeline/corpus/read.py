"""All a consumer needs to read the corpus: pyarrow and nothing else of ours.

A URL instead of a folder is read by remote.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus import feed, life
from pipeline.corpus.schema import ARTICLES, READ, SCHEMA, SCHEMA_VERSION, TABLES, from_table, read_parquet
from pipeline.errors import CorpusError, UsageError
from pipeline.records import Document

LATEST = "latest"
"""The link to the newest version; in capitals the text file that names it where links cannot be."""

MANIFEST = "manifest.json"
"""What a version is made of; a folder without it is no version."""

HIDDEN = "TAKEDOWN"
"""The ids, a line each, of documents that a takedown is at work on: from its first moment no reader gives them."""

SUMS = "SHA256SUMS"
"""A version's files with their sums, the manifest among them: its own sum stands for the whole version."""

HASH_DIGITS = 16
"""So many hex digits of a version's hash name it: accidents do not meet in them."""

CHANGES_FILE = "changes.parquet"
"""What a version changed against its parent; what stays of it when the version goes: feed.py."""

_HASH = re.compile(rf"[0-9a-fA-F]{{{HASH_DIGITS},64}}")


def list_versions(clean: str | Path = "clean") -> list[str]:
    """The versions in a corpus folder or at a URL, oldest first."""
    if is_url(clean):
        found: list[str] = _remote().list_versions(str(clean))
        return found
    folder = Path(clean)
    inside = folder.iterdir() if folder.is_dir() else ()
    names = [p.name for p in inside if feed.VERSION.fullmatch(p.name) and (p / MANIFEST).is_file()]
    return sorted(names, key=version_key)


def is_url(clean: str | Path) -> bool:
    """Whether a corpus is named by a URL, so not a folder of this machine."""
    return "://" in str(clean)


def _remote(module: str = "remote") -> Any:
    # by its name: what reads over the network is in no fingerprint of a build, which reads this module's source
    return import_module(f"pipeline.corpus.{module}")


def version_key(version: str) -> tuple[int, ...]:
    """What to sort versions by."""
    return tuple(int(n) for n in version.split("."))


def version_folder(clean: str | Path = "clean", version: str | None = None) -> Path:
    """The folder of a version: `2.37.0`, `2.37` for its newest revision, None for the latest.

    `2.37 sha256:9f2c…` asks for the release with that hash, 16 digits or more, and `name@2.37 sha256:9f2c…` says the
    same; CorpusError when there is another. UsageError names the folder and what is there instead, or says that the
    version is of a later schema than this code knows.
    """
    folder = Path(clean)
    version, digest = by_hash(version)
    have = list_versions(folder)
    if not have:
        raise UsageError(
            f"{folder}: no version of the corpus here; make one with `corpus refresh` or `corpus build`"
        )
    fitting = [latest(folder)] if version is None or version == LATEST else named(have, version)
    if not fitting:
        if (newer := _successor(have, version or "")) is not None:
            raise UsageError(
                f"{folder}: there is no version {version}; a takedown put {newer} in its place;"
                f" {newer.rpartition('.')[0]} always is the newest revision"
            )
        if named(sorted(feed.files(folder)), version or LATEST):
            raise UsageError(
                f"{folder}: version {version} was collected; `corpus changes --since {version}` still tells what to"
                f" add, update and delete. There are {', '.join(have)}; `corpus pin` keeps one"
            )
        raise UsageError(f"{folder}: there is no version {version}; there are {', '.join(have)}")
    for name in reversed(fitting):
        if digest is None or hash_of(folder / name).startswith(digest):
            refuse_later(str(folder / name), name)
            return folder / name
    raise CorpusError(
        f"{folder / fitting[-1]}: not the version of hash {digest}, but {hash_of(folder / fitting[-1])}; it is another"
        " corpus, a revision after a takedown, or damaged (`corpus verify`). `corpus versions` shows the hashes"
    )


def refuse_later(where: str, version: str) -> None:
    """UsageError for a version of a later SCHEMA than this code knows: not all that stands in its files may count."""
    if version_key(version)[0] > SCHEMA_VERSION:
        raise UsageError(
            f"{where}: a version of schema {version_key(version)[0]}, and this package knows them up to"
            f" {SCHEMA_VERSION}; update it, or ask for an earlier version"
        )


def by_hash(said: str | None) -> tuple[str | None, str | None]:
    """The version and the hash that `name@2.37 sha256:9f2c…` asks for; None for what is not said."""
    name, is_there, digest = (said or "").partition(" sha256:")
    if is_there and not _HASH.fullmatch(digest):
        raise UsageError(f"{said!r}: a hash is {HASH_DIGITS} to 64 hex digits, as `corpus versions` shows it")
    return name.rpartition("@")[2] or None, digest.lower() if is_there else None


def hash_of(version: Path) -> str:
    """The SHA-256 of a version's SHA256SUMS, hex: what `sha256sum clean/2.37.0/SHA256SUMS` prints; "": it has none."""
    try:
        return hashlib.sha256((version / SUMS).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _check(version: Path, files: Iterable[Path]) -> None:
    """CorpusError for the first file whose bytes are not those that SHA256SUMS tells of."""
    lines = (version / SUMS).read_text(encoding="utf-8").splitlines()
    told = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for file in files:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if told.get(file.relative_to(version).as_posix()) != digest:
            raise CorpusError(f"{file}: not as it was published; `corpus verify` says what else is wrong")


def _successor(have: Sequence[str], version: str) -> str | None:
    """The revision that took the place of a version."""
    newer = named(have, version.rpartition(".")[0]) if feed.VERSION.fullmatch(version) else []
    return newer[-1] if newer and version_key(newer[-1]) > version_key(version) else None


def named(have: Sequence[str], said: str) -> list[str]:
    """Those of the versions that are meant: `2.37.0`, or every revision of `2.37`; oldest first."""
    return [version for version in have if version == said or version.startswith(said + ".")]


def latest(clean: Path) -> str:
    """The version `latest` points at; the newest where there is no pointer."""
    return pointed(clean) or list_versions(clean)[-1]


def pointed(clean: Path) -> str | None:
    """The version that the link, or where there is none the text file names; None: neither does."""
    link, text = clean / LATEST, clean / LATEST.upper()
    if link.is_symlink() and link.exists():
        return link.resolve().name
    if text.is_file():
        return text.read_text(encoding="utf-8").strip()
    return None


def read(
    clean: str | Path = "clean",
    *,
    version: str | None = None,
    table: str = ARTICLES,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The rows of a version as an Arrow table, in the order of their files.

    `clean` is a folder, or a URL of one that is served or exported (`https://…`, `s3://…`, `hf://…`): see remote.py.
    `table` is articles (what is published) or dropped (everything else, with its reason). Articles have their lives
    joined (last_verified, gone_since, revised). UsageError for an unknown version, table or column, CorpusError for a
    damaged file.
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
    """The rows of a version, an Arrow table a file; at least one, if only an empty one.

    What is asked for is found once, so that a publication meanwhile changes nothing: all rows are of one version.
    CorpusError when maintenance collects it meanwhile, or when it was asked for by hash and is not as published.
    """
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}; there are {', '.join(TABLES)}")
    schema = READ if table == ARTICLES else SCHEMA
    unknown = sorted(set(columns or ()) - set(schema.names))
    if unknown:
        raise UsageError(f"no column {', '.join(unknown)} in {table}; there are {', '.join(schema.names)}")
    empty = read_parquet([], columns, schema)
    if is_url(clean):
        yield empty
        yield from _remote().tables(str(clean), version, table, columns)
        return
    folder = version_folder(clean, version)
    yield empty
    with_life = table == ARTICLES and life.wanted(columns)
    stored = life.stored(columns) if with_life else columns
    away = sorted(hidden(clean))
    try:
        paths = sorted((folder / table).glob("*.parquet"))
        (folder / MANIFEST).stat()  # a folder that went while it was listed shows no file, or a part
        lives = _lives(folder, is_sure=by_hash(version)[1] is not None) if with_life else None
        for path in paths:
            if by_hash(version)[1] is not None:
                _check(folder, [path])
            part = read_whole(path, stored)
            if away:
                ids = part["id"] if "id" in part.schema.names else read_whole(path, ["id"])["id"]
                part = part.filter(pc.invert(pc.is_in(ids, pa.array(away, pa.string()))))
            if lives is not None:
                part = life.joined(part, lives, columns)
            yield part
    except FileNotFoundError:
        if (folder / MANIFEST).is_file():
            raise
        raise CorpusError(
            f"{folder}: {folder.name} was collected while it was read; read a newer one, and keep one that is read for"
            " long with `corpus pin VERSION`"
        ) from None


def _lives(folder: Path, *, is_sure: bool) -> pa.Table:
    """The lives that a version tells, the newest lines first; with `is_sure` its files are checked."""
    files = life.files(folder)
    if is_sure:
        _check(folder, files)
    return pa.concat_tables(
        [read_parquet([], schema=life.LINES), *(read_whole(path, life.LINES.names, READ) for path in files)]
    )


def read_whole(path: Path, columns: Sequence[str] | None, schema: pa.Schema = SCHEMA) -> pa.Table:
    """The rows of a file; CorpusError says what to do about a damaged one."""
    try:
        return read_parquet([path], columns, schema)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        told = str(error).partition("\n")[0]
        raise CorpusError(
            f"{path}: damaged ({told}); `corpus verify` says what is wrong, `corpus repair` puts it right"
        ) from error


def hidden(clean: str | Path = "clean") -> frozenset[str]:
    """The documents that a takedown is at work on; no row of theirs is given to anybody."""
    path = Path(clean) / HIDDEN
    return frozenset(path.read_text(encoding="ascii").split()) if path.is_file() else frozenset()


def read_changes(clean: str | Path = "clean", *, since: str, until: str | None = None) -> pa.Table:
    """What to add, update and delete to come from one version to another (None: the latest), by document.

    Columns as `feed.FEED`: id, kind (added, changed, removed), cause, hashes before and after. The versions in between,
    and `since` itself, may have been collected. `2.37` of `since` is the release as it was first published, so that
    what was taken down from it later is told; of `until` its newest revision. UsageError for a version nobody knows.
    """
    if is_url(clean):
        found: pa.Table = _remote("remote_feed").read_changes(str(clean), since, until)
        return found
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
