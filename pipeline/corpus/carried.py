"""Whether the files that a version takes over from its parent are still as they were published.

A build opens few of them, and must not publish a damaged one under its old sum as if it were whole. To hash all each
time would cost what the corpus is large. So it is remembered which were found whole, by inode, size and time of
writing: one that was written to since, or of which nothing is remembered, is hashed before anything is published; of
the others, in which a disk may have lost a byte that no time tells of, those that were not for longest, up to a number
of bytes that follows what the build wrote. A version of less is looked at whole with each build, a larger one in turns.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.archive.store import sha256_of, write_whole
from pipeline.corpus.staged import is_linked, uncache
from pipeline.errors import CorpusError
from pipeline.records import Manifest

BUDGET = 1 << 27
"""Bytes that a build looks at again, at least: 0.1 to 0.3 s of CPU. One that writes more looks at as many."""

Mark = tuple[int, int, int, int]
"""Device, inode, size and time of writing (ns) of a file."""


def check(folder: Path, manifest: Manifest, parent: Path | None, memory: Path) -> None:
    """CorpusError names the files taken over into a staged version that are not as they were published.

    `memory` is the file that remembers what was found whole, and is lost without harm: then everything is hashed once.
    Where a file system has no links a build checks what it copies when it does (edition.py).
    """
    sums = {file.file: file.sha256 for file in manifest.files}
    marks = {name: _mark(folder / name) for name in sums}
    linked = [name for name in sums if is_linked(folder, parent, name)]
    known = _remembered(memory)
    doubted = [name for name in linked if known.get(marks[name]) != sums[name]]
    places = {mark: place for place, mark in enumerate(known)}
    waiting = sorted(set(linked).difference(doubted), key=lambda name: places[marks[name]])
    left = max(BUDGET, sum(marks[name][2] for name in sums) - sum(marks[name][2] for name in linked))
    while waiting and left > 0:
        left -= marks[waiting[0]][2]
        doubted.append(waiting.pop(0))
    damaged = [name for name in doubted if not _is_whole(folder / name, sums[name])]
    if damaged:
        more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        raise CorpusError(
            f"{parent}/{damaged[0]}{more}: not as it was published, and the next version would take it over. Nothing"
            " was published now; `corpus repair` puts it right or says what is lost, then build again"
        )
    written = [name for name in sums if name not in linked]
    lines = [" ".join(map(str, (*marks[name], sums[name]))) for name in (*waiting, *doubted, *written)]
    write_whole(memory, "".join(f"{line}\n" for line in lines).encode())


def _mark(path: Path) -> Mark:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_whole(path: Path, digest: str) -> bool:
    try:
        uncache(path)
        return sha256_of(path) == digest
    except OSError:  # a part of the disk that does not read
        return False


def _remembered(memory: Path) -> dict[Mark, str]:
    """Mark of a file → its sum when it was last found whole; what was not looked at for longest comes first."""
    found: dict[Mark, str] = {}
    for line in memory.read_text(encoding="utf-8", errors="replace").splitlines() if memory.is_file() else ():
        *numbers, digest = line.split(" ")
        if len(numbers) == 4 and all(number.isdecimal() for number in numbers):
            device, inode, size, time = map(int, numbers)
            found[device, inode, size, time] = digest
    return found
