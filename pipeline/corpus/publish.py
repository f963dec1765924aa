"""A finished edition → a version: manifest, sums, checks, one rename, then `latest`."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.archive.store import sha256_of, sync
from pipeline.corpus.read import LATEST, MANIFEST, SUMS, refuse_later
from pipeline.corpus.schema import SCHEMA_VERSION
from pipeline.errors import CorpusError, NoSpaceError, RefusedError
from pipeline.records import InputFile, Manifest, OutputFile

ENVIRONMENT = "environment.json"
"""What a version was made with (environment.py); one published before it had a file has it in the manifest."""


def next_version(existing: Iterable[str]) -> str:
    """The version after those there are: RELEASE counts publications and never repeats a number."""
    releases = [int(version.split(".")[1]) for version in existing]
    return f"{SCHEMA_VERSION}.{max(releases, default=0) + 1}.0"


def describe_files(folder: Path, parent: Path | None, known: dict[str, OutputFile]) -> tuple[OutputFile, ...]:
    """Every file of a version folder with its sum; what is a hard link to the parent's keeps the parent's sum."""
    described = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in (MANIFEST, SUMS):
            continue
        before = known.get(name)
        if before is not None and parent is not None and _same_inode(path, parent / name):
            described.append(before)
            continue
        rows = pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None
        described.append(OutputFile(file=name, sha256=sha256_of(path), rows=rows))
    return tuple(described)


def relink_equal(folder: Path, parent: Path, known: dict[str, OutputFile]) -> None:
    """Replace files that came out byte for byte as the parent's by hard links to it (a full rebuild).

    `known` are the parent's files that are whole.
    """
    for name, before in known.items():
        path = folder / name
        if not path.is_file() or not (parent / name).is_file() or _same_inode(path, parent / name):
            continue
        if path.stat().st_size == (parent / name).stat().st_size and sha256_of(path) == before.sha256:
            beside = path.with_suffix(".link")
            with suppress(OSError):
                os.link(parent / name, beside)
                beside.replace(path)
            beside.unlink(missing_ok=True)  # where it could not be put in place, it is no file of the version


def _same_inode(a: Path, b: Path) -> bool:
    with suppress(OSError):
        return a.samefile(b)
    return False


def merge_counts(
    before: dict[str, dict[str, int]], delta: dict[str, Counter[str]]
) -> dict[str, dict[str, int]]:
    """Counts by source and reason after the edition's edits; zeros go."""
    sources = {name: Counter(counts) for name, counts in before.items()}
    for name, counts in delta.items():
        sources.setdefault(name, Counter()).update(counts)
    return {
        name: {word: n for word, n in sorted(counts.items()) if n}
        for name, counts in sorted(sources.items())
        if any(counts.values())
    }


def totals(manifest: Manifest) -> Counter[str]:
    """Rows of a version by `articles` and reason, over all sources."""
    total: Counter[str] = Counter()
    for counts in manifest.counts.values():
        total.update(counts)
    return total


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json and SHA256SUMS, which lists every other file of the version."""
    write_json(folder / MANIFEST, asdict(manifest))
    (folder / SUMS).write_text(sums_text(folder, manifest), encoding="utf-8")


def write_json(path: Path, said: dict[str, Any]) -> None:
    """Write a mapping as JSON, its keys in order and a line each, as are those of the mappings in it."""
    lines = [f"{_json(name)}: {_laid_out(value)}" for name, value in sorted(said.items())]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _laid_out(value: Any) -> str:
    """A value as JSON, the items of a list or a mapping a line each: read by people, and no file longer for it."""
    if isinstance(value, dict) and value:
        return (
            "{\n" + ",\n".join(f" {_json(key)}: {_json(each)}" for key, each in sorted(value.items())) + "\n}"
        )
    if isinstance(value, list | tuple) and value:
        return "[\n" + ",\n".join(f" {_json(each)}" for each in value) + "\n]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def sums_text(folder: Path, manifest: Manifest) -> str:
    """What SHA256SUMS says of a version whose manifest is written."""
    sums = [f"{f.sha256}  {f.file}\n" for f in manifest.files]
    sums.append(f"{sha256_of(folder / MANIFEST)}  {MANIFEST}\n")
    return "".join(sorted(sums, key=lambda s: s[66:]))


def listed_sums(folder: Path) -> dict[str, str]:
    """File → its sum, as SHA256SUMS says; OSError where it is missing, ValueError where a line is none of ours."""
    sums = {}
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, parted, name = line.partition("  ")
        if len(digest) != 64 or not parted or not name:
            raise ValueError(f"{folder / SUMS}: {line!r} is no sum and file")
        sums[name] = digest
    return sums


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"not for a manifest: {value!r}")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version folder; CorpusError names the file when it cannot be read.

    UsageError for one of a later schema: what this code does not know it must not build upon, verify or take out of.
    """
    path = folder / MANIFEST
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        refuse_later(str(folder), raw["version"])
        raw["created_at"] = datetime.fromisoformat(raw["created_at"])
        raw["inputs"] = tuple(InputFile(**f) for f in raw["inputs"])
        raw["files"] = tuple(OutputFile(**f) for f in raw["files"])
        raw["unsettled"] = tuple(raw.get("unsettled", ()))
        return Manifest(**raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{path}: not a readable manifest ({error}); is {folder} a version folder?"
        ) from error


def sync_tree(folder: Path) -> None:
    """Flush a folder's new files and directories to the disk."""
    for path in [*sorted(folder.rglob("*")), folder]:
        if path.is_dir() or path.stat().st_nlink == 1:
            sync(path)


def put_in_place(staged: Path, clean: Path, version: str, *, newest: bool = True) -> Path:
    """Rename a checked folder to its version's name and point `latest` at it; nothing half-written is ever seen.

    `newest` is False for the revision of an older version: `latest` stays.
    """
    clean.mkdir(parents=True, exist_ok=True)
    target = clean / version
    if target.exists():
        raise RefusedError(f"{target} is there already; a version is never written twice")
    try:
        sync_tree(staged)
        _close(staged)
        staged.rename(target)
    except OSError as error:
        raise disk_error(error, target) from error
    sync(clean)
    if newest:
        point_latest(clean, version, staged.parent)
    return target


def _close(folder: Path) -> None:
    """Take the right to write from the files: versions share them, so that one append would damage all."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o222:
            path.chmod(0o444)


def point_latest(clean: Path, version: str, work: Path) -> None:
    """Swap `latest` to a version by rename: a symlink, or the text file LATEST where links cannot be.

    Readers ask the link first, so that a link which cannot be swapped goes.
    """
    link, beside = clean / LATEST, work / f"{LATEST}-{clean.name}"
    beside.unlink(missing_ok=True)
    try:
        beside.symlink_to(version)
        beside.replace(link)
    except OSError:
        beside.unlink(missing_ok=True)  # written through, a link would be followed
        beside.write_text(version + "\n", encoding="utf-8")
        beside.replace(clean / LATEST.upper())
        if link.is_symlink():
            link.unlink()
    sync(clean)


def disk_error(error: OSError, path: Path) -> CorpusError:
    """The error a person can act on for an OSError while writing."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(f"{path}: the disk is full; free some space and run again, nothing was published")
    if error.errno == errno.EXDEV:
        return CorpusError(
            f"{path}: the work folder is on another disk than the corpus; name one with --work"
        )
    return CorpusError(f"{path}: {error.strerror or error}")


def discard(folder: Path) -> None:
    """Remove a staging folder, whatever is left of it."""
    shutil.rmtree(folder, ignore_errors=True)
