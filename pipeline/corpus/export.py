"""Versions copied to where others read them: a folder or an object store, laid out as `clean/` is.

The manifest of a version comes after its other files, the pointers VERSIONS and LATEST after the manifest, and what
goes is taken out of the pointers before it is deleted: a reader sees a version whole or not at all, whenever an export
is killed, and the next one goes on where it ended.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.archive.store import sha256_of, sync, write_whole
from pipeline.corpus import feed, hub, masking
from pipeline.corpus.exports import (
    Exported,
    Sent,
    check_here,
    masked_in,
    noted,
    plan,
    reaching,
    refuse_other_masks,
    sums_of,
)
from pipeline.corpus.feed import VERSION
from pipeline.corpus.job import Progress
from pipeline.corpus.leases import leased
from pipeline.corpus.publish import point_latest
from pipeline.corpus.read import (
    LATEST,
    MANIFEST,
    SUMS,
    hidden,
    is_url,
    latest,
    list_versions,
    version_folder,
    version_key,
)
from pipeline.corpus.remote import HUB, VERSIONS, Place, fetch, place
from pipeline.errors import RefusedError, UsageError
from pipeline.linking import link_or_copy
from pipeline.locking import only_writer

PART_BYTES = 50 << 20
"""Size of the parts a large file is sent to S3 in, from twice this size on; the ETag of such a file depends on it."""


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
    clean: Path,
    to: str,
    version: str | None = None,
    *,
    mirror: bool = False,
    mask: Sequence[str] = (),
    work: Path | None = None,
    progress: Progress,
) -> Exported:
    """Copy a version (None: the latest) to a folder or URL, and what is there already not again.

    An earlier revision of its release goes there: a later one was made because something was taken down. With
    `mirror` this is done for every version there, and those that the corpus no longer has go too. Raises UsageError
    for a version or target that is none, RefusedError when another version of that name is there, CorpusError when
    a file here is damaged, a version goes meanwhile or the target cannot be reached or written; NoSpaceError.
    Maintenance lets none go that is being sent. With `mask`, kinds of personal data, masked copies go there, which are
    made in `work` (masking.py), and never to where other ones stand.
    """
    if not to.isprintable():
        raise UsageError(f"{to!r}: a target is a folder or a URL on one line")
    if to.startswith(("http://", "https://")):
        raise UsageError(f"{to}: this can be read, and not written to; name a folder or s3://BUCKET/PREFIX")
    to = to.rstrip("/") if is_url(to) else str(Path(to).absolute())
    if not is_url(to) and Path(to).resolve() == clean.resolve():
        raise UsageError(f"{to}: this is the corpus itself; name another place")
    if hidden(clean):
        raise RefusedError(
            f"{clean}: a takedown is at work, or was killed; `corpus maintain` goes on with it. Then export"
        )
    here = list_versions(clean)
    folder = version_folder(clean, version)
    kinds = tuple(sorted(mask))
    if to.startswith(HUB):
        with leased(folder), _copies(clean, [folder.name], kinds, work, progress) as copies:
            return hub.export(copies[0], clean, to, here, mirror=mirror)
    there = _There(top=place(to))
    with reaching(to):
        listed = there.top.fs.find(there.top.path, detail=True)
    there.files = {str(path)[len(there.top.path) + 1 :]: info for path, info in listed.items()}
    todo = plan(there.versions(finished=False), here, folder.name, mirror=mirror, to=to)
    with reaching(to), ExitStack() as held:
        for v in todo.send:
            held.enter_context(leased(clean / v))
        copies = held.enter_context(_copies(clean, todo.send, kinds, work, progress))
        refuse_other_masks(there.top, there.versions(finished=True), copies[-1])
        known = noted(clean, to, sent=todo.send)
        done = tuple(_send(copy, there, progress) for copy in copies)
        if not kinds:
            _send_feed(clean, there, progress)
        kept = (there.versions(finished=True) | set(todo.send)) - set(todo.remove)
        _point(there, kept, latest(clean))
        for v in todo.remove:
            _remove(there, v)
    if todo.remove:
        noted(clean, to, removed=todo.remove)
    return Exported(to=to, versions=done, removed=todo.remove, unknown=todo.unknown, noted=known)


@contextmanager
def _copies(
    clean: Path, versions: Sequence[str], kinds: tuple[str, ...], work: Path | None, progress: Progress
) -> Iterator[list[Path]]:
    """The folders to send: those of the versions, or masked copies of them, made and tidied up."""
    if not kinds:
        yield [clean / version for version in versions]
        return
    work = work or clean.parent / ".build" / clean.name
    busy = f"{work / masking.FOLDER}: another export masks the corpus; wait for it"
    with only_writer(work / f".{masking.FOLDER}.lock", busy):
        yield [masking.masked_version(clean / version, kinds, work, progress) for version in versions]
        masking.tidy(work, kinds)
        if hidden(clean) or not {*versions} <= {*list_versions(clean)}:
            masking.forget(work)  # a takedown came meanwhile


def _send(folder: Path, there: _There, progress: Progress) -> Sent:
    """Bring the files of a version there, its manifest last."""
    version, done = folder.name, Sent(version=folder.name, masked=masked_in(folder))
    sums = sums_of(folder)
    _refuse_another(folder, there)
    twins = _twins(there, version)
    with reaching(there.top.url):
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
        check_here(path, digest)
        with reaching(there.top.url):
            twin = twins.get(digest)
            if twin is not None and _is_same(there, twin, path, digest):
                _copy(there, twin, target)
                done = replace(done, copied=done.copied + 1)
            else:
                _put(there, path, target)
                done = replace(done, sent=done.sent + 1, bytes=done.bytes + path.stat().st_size)
    progress(f"export {version}", len(sums), len(sums))
    return done


def _send_feed(clean: Path, there: _There, progress: Progress) -> None:
    """Bring the change feed there: a small file a release, also of those that were collected."""
    files = sorted(feed.files(clean).items(), key=lambda item: version_key(item[0]))
    for number, (version, path) in enumerate(files, 1):
        name = feed.name_of(version)
        if name not in there.files or not _is_same(there, name, path, sha256_of(path)):
            with reaching(there.top.url):
                _put(there, path, name)
        progress("export changes", number, len(files))


def _refuse_another(folder: Path, there: _There) -> None:
    name = f"{folder.name}/{MANIFEST}"
    if name in there.files:
        with reaching(there.top.url):
            said = fetch(there.top.at(name))
        if said != (folder / MANIFEST).read_bytes():
            raise RefusedError(
                f"{there.top.at(folder.name).url}: another version of this name stands there, so of another corpus, or"
                " masked by another release; name another place"
            )


def _twins(there: _There, version: str) -> dict[str, str]:
    """Sum → a file there that has it, of the newest other version there."""
    others = sorted(there.versions(finished=True) - {version}, key=version_key)
    if not others or f"{others[-1]}/{SUMS}" not in there.files:
        return {}
    with reaching(there.top.url):
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
    with reaching(there.top.url):
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
    with reaching(there.top.url):
        if f"{version}/{MANIFEST}" in there.files:
            there.top.fs.rm_file(there.top.at(f"{version}/{MANIFEST}").path)
        there.top.fs.rm(there.top.at(version).path, recursive=True)
