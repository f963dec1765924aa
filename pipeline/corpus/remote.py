"""The corpus over the network: a version is found by its pointers and read by its manifest, each file checked.

Beneath is fsspec, so that `https://`, `s3://`, `hf://` and what else it knows read alike; it comes with
`pip install 'zh-article-corpus[remote]'` and is imported when first asked for.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus import life
from pipeline.corpus.feed import VERSION
from pipeline.corpus.read import HIDDEN, LATEST, MANIFEST, SUMS, by_hash, named, refuse_later, version_key
from pipeline.corpus.schema import ARTICLES, READ, SCHEMA, read_parquet
from pipeline.errors import CorpusError, UsageError

VERSIONS = "VERSIONS"
"""Beside the versions: their names, one a line. Most servers do not list a folder, so an export says what is there."""

HUB = "hf://datasets/"
"""A dataset repository of the Hugging Face hub: `hf://datasets/NAME/REPOSITORY`, a version at its root, its tag @…"""

MOST_BYTES = 1 << 30
"""No file of a version is larger: one that is comes from something else, and is not read into memory."""

BLOCK = 1 << 22
"""Bytes of a file asked for at a time."""

PATIENCE = 60.0
"""Seconds a server may be silent, connecting or within an answer, before it counts as gone."""

ANSWERS = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("huggingface_hub.errors", "HfHubHTTPError"),
    ("httpx2", "HTTPError"),
)
"""(module, class) of what the libraries beneath fsspec raise that is no OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder somewhere."""

    url: str
    """As a person says it, without a slash at the end."""
    fs: Any
    """The fsspec file system."""
    path: str
    """The folder, as that file system names it."""

    def at(self, name: str) -> Place:
        """A folder or file below."""
        return Place(url=f"{self.url}/{name}", fs=self.fs, path=f"{self.path}/{name}")

    def beside(self, name: str) -> Place:
        """A folder or file in the folder that holds this one."""
        url, path = self.url.rpartition("/")[0], self.path.rpartition("/")[0]
        return Place(url=f"{url}/{name}", fs=self.fs, path=f"{path}/{name}")

    def version(self, name: str) -> Place:
        """Where a version of a corpus here stands: a folder, on the Hugging Face hub a tag."""
        sign = "@" if self.url.startswith(HUB) else "/"
        return Place(url=f"{self.url}{sign}{name}", fs=self.fs, path=f"{self.path}{sign}{name}")


def place(url: str) -> Place:
    """Where a URL points; nothing is asked yet. UsageError when no library for it is installed or it is none."""
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        raise _too_little(url) from None
    try:
        fs, path = url_to_fs(url.rstrip("/"), **_settings(url))
    except ImportError:
        raise _too_little(url) from None
    except ValueError as error:
        raise UsageError(f"{url}: {error}") from None
    return Place(url=url.rstrip("/"), fs=fs, path=str(path).rstrip("/"))


def _too_little(url: str) -> UsageError:
    return UsageError(f"{url}: this takes more than the reader: pip install 'zh-article-corpus[remote]'")


def _settings(url: str) -> dict[str, Any]:
    """What a file system must be told; fsspec's own FSSPEC_… variables tell it the rest."""
    scheme = url.partition("://")[0]
    if scheme in ("http", "https"):
        from aiohttp import ClientTimeout

        return {"client_kwargs": {"timeout": ClientTimeout(sock_connect=PATIENCE, sock_read=PATIENCE)}}
    return {"use_listings_cache": False} if scheme in ("s3", "s3a") else {}


def network_errors() -> tuple[type[Exception], ...]:
    """What may be raised when a server is asked, by the libraries that are loaded."""
    loaded = [(sys.modules[module], name) for module, name in ANSWERS if module in sys.modules]
    return (OSError, *(getattr(module, name) for module, name in loaded))


@contextmanager
def asking(where: Place) -> Iterator[None]:
    """Turns what goes wrong on the way into one CorpusError that names the URL; FileNotFoundError goes through."""
    try:
        yield
    except FileNotFoundError:
        raise
    except network_errors() as error:
        raise CorpusError(f"{where.url}: {told(error)}") from error


def told(error: Exception) -> str:
    """What a server did, in words with a way out."""
    said = (str(error) or type(error).__name__).partition("\n")[0]
    status = getattr(error, "status", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, PermissionError) or status in (401, 403) or "Unable to locate credentials" in said:
        return (
            f"no permission ({said}); give credentials as its tools expect them (AWS_…, HF_TOKEN), for a public"
            " bucket FSSPEC_S3_ANON=true"
        )
    return f"the server gave no usable answer ({said}); see that the address is right and reachable, and try again"


def fetch(where: Place) -> bytes:
    """A whole file; FileNotFoundError when there is none, CorpusError when the network or its size says no."""
    # streamed, and with any size: asked for one, fsspec calls every answer but 200 a file that is not there
    how = {"block_size": 0, "size": 1} if where.url.startswith("http") else {}
    with asking(where), where.fs.open(where.path, "rb", **how) as stream:
        data = bytearray()
        while len(data) <= MOST_BYTES and (part := stream.read(BLOCK)):
            data += part
    if len(data) > MOST_BYTES:
        raise CorpusError(f"{where.url}: more than {MOST_BYTES >> 20} MiB; that is no file of a corpus")
    return bytes(data)


def _line(where: Place) -> str | None:
    """The text of a pointer file; None when there is none."""
    try:
        return fetch(where).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return None


def list_versions(url: str) -> list[str]:
    """The versions at a URL, oldest first: those VERSIONS names, else those a listing of the folder shows."""
    return _list_versions(place(url))


def tags(url: str) -> list[str]:
    """The tags of a dataset repository of the hub that are versions, oldest first."""
    from huggingface_hub import HfApi

    refs = HfApi().list_repo_refs(url.removeprefix(HUB).partition("@")[0], repo_type="dataset")
    return sorted((tag.name for tag in refs.tags if VERSION.fullmatch(tag.name)), key=version_key)


def _list_versions(top: Place) -> list[str]:
    if top.url.startswith(HUB):
        with asking(top):
            return tags(top.url)
    said = _line(top.at(VERSIONS))
    if said is None:
        try:
            with asking(top):
                said = "\n".join(
                    entry.rstrip("/").rpartition("/")[2] for entry in top.fs.ls(top.path, detail=False)
                )
        except FileNotFoundError:
            return []
    return sorted((name for name in said.split() if VERSION.fullmatch(name)), key=version_key)


def version_at(url: str, version: str | None = None) -> tuple[Place, Mapping[str, Any]]:
    """Where a version stands, and its manifest as it is written; `version` as in `read`.

    The URL is that of a corpus or of one version. UsageError when no such version is there or it is of a later
    schema than this code, CorpusError when the manifest is not the one that was published.
    """
    top = place(url)
    version, digest = by_hash(version)
    if version is not None and version != LATEST:
        fitting = [version] if VERSION.fullmatch(version) else named(_list_versions(top), version)
        found = _manifest(top.version(fitting[-1]), digest) if fitting else None
        if found is None:
            have = ", ".join(_list_versions(top)) or "none that it names or lists: say one in full, as 2.37.0"
            raise UsageError(f"{top.url}: there is no version {version}; there are {have}")
        return found
    latest = _line(top.at(LATEST.upper()))
    if latest is not None and not VERSION.fullmatch(latest):
        raise CorpusError(f"{top.at(LATEST.upper()).url}: {latest[:40]!r} is no version")
    for folder in (top.at(latest),) if latest else (top, top.at(LATEST)):
        if (found := _manifest(folder, digest)) is not None:
            return found
    if latest:
        raise CorpusError(f"{top.url}: {LATEST.upper()} says {latest}, and there is no such version")
    raise UsageError(
        f"{top.url}: no version of the corpus here; is it the folder that holds {LATEST.upper()}, {LATEST} or"
        f" {MANIFEST}?"
    )


def _manifest(folder: Place, digest: str | None) -> tuple[Place, Mapping[str, Any]] | None:
    """A version's manifest, checked against its sum, and that against the hash asked for; None when none is there."""
    try:
        data = fetch(folder.at(MANIFEST))
        listed = fetch(folder.at(SUMS))
    except FileNotFoundError:
        return None
    if not hashlib.sha256(listed).hexdigest().startswith(digest or ""):
        raise CorpusError(
            f"{folder.url}: not the version of hash {digest}, but {hashlib.sha256(listed).hexdigest()}; it is another"
            " corpus, a revision after a takedown, or altered"
        )
    sums = listed.decode("utf-8", "replace")
    if f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}" not in sums.splitlines():
        raise CorpusError(f"{folder.at(MANIFEST).url}: not as it was published: {SUMS} has another sum")
    said: dict[str, Any] = json.loads(data)
    refuse_later(folder.url, said["version"])
    return folder, said


def tables(url: str, version: str | None, table: str, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """The rows of a version at a URL, an Arrow table a file of the manifest, in its order.

    Whole rows come as whole files, checked against the manifest's sums. Chosen columns are read by byte ranges
    where the server gives them, checked by the pages' checksums and the number of rows: that finds damage, not
    a forger, so that of a version asked for by its hash whole files are read. CorpusError names a file that is
    missing, cut short or altered.
    """
    folder, manifest = version_at(url, version)
    away = _hidden(folder, place(url))
    is_sure = by_hash(version)[1] is not None
    with_life = table == ARTICLES and life.wanted(columns)
    stored = life.stored(columns) if with_life else columns
    files = {file["file"]: file for file in manifest["files"]}
    lives = _lives(folder, files) if with_life else None
    for name, file in files.items():
        if name.startswith(f"{table}/") and name.endswith(".parquet"):
            rows = _rows(folder.at(name), file, stored, whole=is_sure)
            if len(away):
                ids = rows["id"] if "id" in rows.schema.names else _rows(folder.at(name), file, ["id"])["id"]
                rows = rows.filter(pc.invert(pc.is_in(ids, away)))
            if lives is not None:
                rows = life.joined(rows, lives, columns)
            yield rows


def _hidden(folder: Place, top: Place) -> pa.Array:
    """The ids of documents that a takedown is at work on, where a corpus is served from its own folder."""
    where = top.at(HIDDEN) if folder.url != top.url else top.beside(HIDDEN)
    said = None if top.url.startswith(HUB) else _line(where)
    return pa.array((said or "").split(), pa.string())


def _lives(folder: Place, files: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """The lives that a version tells, the newest lines first."""
    names = sorted((name for name in files if name.startswith(f"{life.FOLDER}/")), reverse=True)
    told = [_whole(folder.at(name), files[name], life.LINES.names, READ) for name in names]
    return pa.concat_tables([read_parquet([], schema=life.LINES), *told])


def _rows(
    where: Place, file: Mapping[str, Any], columns: Sequence[str] | None, *, whole: bool = False
) -> pa.Table:
    part = None if columns is None or whole else _by_range(where, columns)
    if part is not None and part.num_rows == file["rows"]:
        return part
    return _whole(where, file, columns)


def _whole(
    where: Place, file: Mapping[str, Any], columns: Sequence[str] | None, schema: pa.Schema = SCHEMA
) -> pa.Table:
    """A whole file, checked by its sum."""
    try:
        data = fetch(where)
    except FileNotFoundError:
        raise CorpusError(f"{where.url}: missing, and the manifest lists it; tell who publishes it") from None
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise CorpusError(
            f"{where.url}: cut short or altered: its {len(data)} bytes are not those that were published; read it"
            " again, and if it stays so tell who publishes it"
        )
    return read_parquet([pa.BufferReader(data)], columns, schema)


def _by_range(where: Place, columns: Sequence[str]) -> pa.Table | None:
    """Some columns of a file; None where there are no ranges, or damage: the whole file says which."""
    try:
        info = where.fs.info(where.path)
        if not info.get("partial", True):
            return None
        with where.fs.open(where.path, "rb", cache_type="none", size=info["size"]) as ranges:
            return read_parquet([pa.PythonFile(ranges, "r")], columns)
    except _unread():
        return None


def _unread() -> tuple[type[Exception], ...]:
    return (*network_errors(), ValueError)
