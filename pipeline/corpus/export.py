"""Versions copied to where others read them: a folder or an object store, laid out as `clean/` is.

The manifest of a version comes after its other files, the pointers VERSIONS and LATEST after the manifest, and what
goes is taken out of the pointers before it is deleted: a reader sees a version whole or not at all, whenever an export
is killed, and the next one goes on where it ended.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.archive.store import sha256_of, sync, write_whole
from pipeline.corpus.exports import note
from pipeline.corpus.feed import VERSION
from pipeline.corpus.job import Progress
from pipeline.corpus.publish import point_latest
from pipeline.corpus.read import (
    LATEST,
    MANIFEST,
    SUMS,
    is_url,
    latest,
    list_versions,
    version_folder,
    version_key,
)
from pipeline.corpus.remote import VERSIONS, Place, fetch, network_errors, place, told
from pipeline.errors import CorpusError, NoSpaceError, RefusedError, UsageError
from pipeline.linking import link_or_copy

PART_BYTES = 50 << 20
"""Size of the parts a large file is sent to S3 in, from twice this size on; the ETag of such a file depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of the files of one version."""

    version: str
    """The version."""
    sent: int = 0
    """Files sent."""
    copied: int = 0
    """Files copied there from another version, which had them."""
    there: int = 0
    """Files that were there already."""
    bytes: int = 0
    """Bytes sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export did."""

    to: str
    """Where to."""
    versions: tuple[Sent, ...] = ()
    """The versions sent."""
    removed: tuple[str, ...] = ()
    """Versions removed there."""
    unknown: tuple[str, ...] = ()
    """Versions that stand there, and that the corpus no longer has: no takedown reaches them."""
    noted: bool = True
    """Whether `exports.tsv` could be written, so that a takedown knows of it."""


@dataclass(slots=True)
class _There:
    """What stands at the target, while an export works on it."""

    top: Place
    files: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Path below the target → what its file system tells of it."""

    @property
    def local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "file" in self.top.fs.protocol

    def versions(self, *, finished: bool) -> set[str]:
        """The versions of which something is there, or those that are whole."""
        begun = {name.partition("/")[0] for name in self.files}
        return {
            v for v in begun if VERSION.fullmatch(v) and (not finished or f"{v}/{MANIFEST}" in self.files)
        }


def export(
    clean: Path, to: str, version: str | None = None, *, mirror: bool = False, progress: Progress
) -> Exported:
    """Copy a version (None: the latest) to a folder or URL, and what is there already not again.

    An earlier revision of its release goes there: a later one was made because something was taken down. With
    `mirror` this is done for every version there, and those that the corpus no longer has go too. Raises UsageError
    for a version or target that is none, RefusedError when another version of that name is there, CorpusError when
    a file here is damaged or the target cannot be reached or written; NoSpaceError.
    """
    if not to.isprintable():
        raise UsageError(f"{to!r}: a target is a folder or a URL on one line")
    if to.startswith(("http://", "https://")):
        raise UsageError(f"{to}: this can be read, and not written to; name a folder or s3://BUCKET/PREFIX")
    to = to.rstrip("/") if is_url(to) else str(Path(to).absolute())
    if not is_url(to) and Path(to).resolve() == clean.resolve():
        raise UsageError(f"{to}: this is the corpus itself; name another place")
    here = list_versions(clean)
    chosen = version_folder(clean, version).name
    there = _There(top=place(to))
    with _reaching(there.top):
        listed = there.top.fs.find(there.top.path, detail=True)
    there.files = {str(path)[len(there.top.path) + 1 :]: info for path, info in listed.items()}
    begun = there.versions(finished=False)
    renewed = {newest for v in begun if (newest := _newest_revision(here, v)) is not None}
    todo = sorted({chosen, *(renewed if mirror else ())}, key=version_key)
    replaced = {
        v for v in begun if any(_release(v) == _release(t) and version_key(v) < version_key(t) for t in todo)
    }
    if later := [
        v for v in begun if _release(v) == _release(chosen) and version_key(v) > version_key(chosen)
    ]:
        raise RefusedError(
            f"{to}: {later[0]} stands there, made because something was taken down: {chosen} does not go back"
        )
    unknown = begun - replaced - set(here)
    going = sorted(replaced | (unknown if mirror else set()), key=version_key)
    noted = _noted(clean, to, sent=todo)
    done = tuple(_send(clean / v, there, progress) for v in todo)
    kept = (there.versions(finished=True) | set(todo)) - set(going)
    _point(there, kept, latest(clean))
    for v in going:
        _remove(there, v)
    if going:
        _noted(clean, to, removed=going)
    left = sorted(unknown - set(going), key=version_key)
    return Exported(to=to, versions=done, removed=tuple(going), unknown=tuple(left), noted=noted)


def _noted(clean: Path, to: str, *, sent: Iterable[str] = (), removed: Iterable[str] = ()) -> bool:
    """Note it in `exports.tsv`; a corpus on a medium that cannot be written is exported all the same."""
    try:
        note(clean, to, sent=sent, removed=removed)
    except OSError:
        return False
    return True


def _release(version: str) -> tuple[int, ...]:
    return version_key(version)[:2]


def _newest_revision(here: list[str], version: str) -> str | None:
    """The newest revision that the corpus has of a version's release."""
    return next((v for v in reversed(here) if _release(v) == _release(version)), None)


@contextmanager
def _reaching(top: Place) -> Iterator[None]:
    """Turns what goes wrong at the target into one error that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusError(
            f"{top.url}: no such bucket or folder ({error}); make it, then run again"
        ) from error
    except network_errors() as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceError(
                f"{top.url}: the disk is full; free some space and run again, what was sent is kept"
            ) from error
        raise CorpusError(f"{top.url}: {told(error)}; what was sent is kept, run again to go on") from error


def _send(folder: Path, there: _There, progress: Progress) -> Sent:
    """Bring the files of a version there, its manifest last."""
    version, done = folder.name, Sent(version=folder.name)
    sums = _sums(folder)
    _refuse_another(folder, there)
    twins = _twins(there, version)
    with _reaching(there.top):
        for name in [
            n for n in there.files if n.startswith(f"{version}/") and n.partition("/")[2] not in sums
        ]:
            there.top.fs.rm_file(there.top.at(name).path)  # half a file of a killed export
    for number, (name, digest) in enumerate(sums.items()):
        progress(f"export {version}", number, len(sums))
        path, target = folder / name, f"{version}/{name}"
        if target in there.files and _is_same(there, target, path, digest):
            done = replace(done, there=done.there + 1)
            continue
        if not path.is_file() or sha256_of(path) != digest:
            raise CorpusError(
                f"{path}: missing, or not as it was published; see `corpus verify`. It was not sent"
            )
        with _reaching(there.top):
            twin = twins.get(digest)
            if twin is not None and _is_same(there, twin, path, digest):
                _copy(there, twin, target)
                done = replace(done, copied=done.copied + 1)
            else:
                _put(there, path, target)
                done = replace(done, sent=done.sent + 1, bytes=done.bytes + path.stat().st_size)
    progress(f"export {version}", len(sums), len(sums))
    return done


def _sums(folder: Path) -> dict[str, str]:
    """File → sum of every file of a version, in the order they are sent."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    manifest = listed.pop(MANIFEST)
    return {**listed, SUMS: sha256_of(folder / SUMS), MANIFEST: manifest}


def _refuse_another(folder: Path, there: _There) -> None:
    name = f"{folder.name}/{MANIFEST}"
    if name in there.files:
        with _reaching(there.top):
            said = fetch(there.top.at(name))
        if said != (folder / MANIFEST).read_bytes():
            raise RefusedError(
                f"{there.top.at(folder.name).url}: another version of this name stands there, so of another corpus;"
                " name another place"
            )


def _twins(there: _There, version: str) -> dict[str, str]:
    """Sum → a file there that has it, of the newest other version there."""
    others = sorted(there.versions(finished=True) - {version}, key=version_key)
    if not others or f"{others[-1]}/{SUMS}" not in there.files:
        return {}
    with _reaching(there.top):
        lines = fetch(there.top.at(f"{others[-1]}/{SUMS}")).decode("utf-8", "replace").splitlines()
    pairs = (line.partition("  ") for line in lines)
    return {
        digest: f"{others[-1]}/{name}" for digest, _, name in pairs if f"{others[-1]}/{name}" in there.files
    }


def _is_same(there: _There, name: str, path: Path, digest: str) -> bool:
    """Whether a file there has the bytes of one here: by its own bytes in a folder, by its ETag in an S3.

    A store that tells no such hash (or S3 with keys of KMS) is sent the file again: never taken on trust.
    """
    info = there.files[name]
    if not path.is_file() or info["size"] != path.stat().st_size:
        return False
    if there.local:
        return sha256_of(Path(there.top.at(name).path)) == digest
    return str(info.get("ETag", "")).strip('"') == _etag(path)


def _etag(path: Path) -> str:
    """The ETag S3 gives a file: its MD5, of a large file the MD5 of those of its parts and their number."""
    with path.open("rb") as stream:
        if path.stat().st_size < 2 * PART_BYTES:
            return hashlib.file_digest(stream, _md5).hexdigest()
        parts = [_md5(part).digest() for part in iter(lambda: stream.read(PART_BYTES), b"")]
    return f"{_md5(b''.join(parts)).hexdigest()}-{len(parts)}"


def _md5(data: bytes = b"") -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def _put(there: _There, path: Path, name: str) -> None:
    target = there.top.at(name).path
    if not there.local:
        there.top.fs.put_file(str(path), target, chunksize=PART_BYTES)
        return
    beside = Path(f"{target}.part")
    beside.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, beside)
    sync(beside)
    beside.replace(target)
    sync(beside.parent)


def _copy(there: _There, twin: str, name: str) -> None:
    source, target = there.top.at(twin).path, there.top.at(name).path
    if not there.local:
        there.top.fs.cp_file(source, target)
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).unlink(missing_ok=True)
    link_or_copy(Path(source), Path(target))
    sync(Path(target).parent)


def _point(there: _There, versions: set[str], newest: str) -> None:
    """Write which versions there are, then which is the latest."""
    ordered = sorted(versions, key=version_key)
    current = newest if newest in versions else ordered[-1]
    with _reaching(there.top):
        for name, said in ((VERSIONS, "".join(f"{v}\n" for v in ordered)), (LATEST.upper(), f"{current}\n")):
            target = there.top.at(name).path
            if there.local:
                write_whole(Path(target), said.encode())
            else:
                there.top.fs.pipe_file(target, said.encode())
        if there.local:
            point_latest(Path(there.top.path), current, Path(there.top.path))


def _remove(there: _There, version: str) -> None:
    """Delete a version there; its manifest goes first, so that what is left of it is none."""
    with _reaching(there.top):
        if f"{version}/{MANIFEST}" in there.files:
            there.top.fs.rm_file(there.top.at(f"{version}/{MANIFEST}").path)
        there.top.fs.rm(there.top.at(version).path, recursive=True)
