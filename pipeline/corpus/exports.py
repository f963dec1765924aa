"""Where the versions of a corpus were exported to, so that a takedown knows where else a text stands.

`clean/exports.tsv`, a line a version and place: `2.37.0<TAB>s3://bucket/zh`. `corpus export` writes it before the first
byte is sent; a line goes when the version was removed there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.archive.store import write_whole
from pipeline.corpus.feed import VERSION
from pipeline.corpus.read import version_key
from pipeline.errors import RefusedError
from pipeline.locking import only_writer

EXPORTS = "exports.tsv"


def exported(clean: Path) -> list[tuple[str, str]]:
    """(version, place) of every version that stands elsewhere, oldest first; RefusedError names a line that is none."""
    path = clean / EXPORTS
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        version, tab, to = line.partition("\t")
        if not (VERSION.fullmatch(version) and tab and to):
            raise RefusedError(f"{path}, line {number}: {line!r} is not a version, a tab and a place")
        found.append((version, to))
    return found


def note(clean: Path, to: str, *, sent: Iterable[str] = (), removed: Iterable[str] = ()) -> None:
    """Note that versions are being sent to a place, or are no longer there; BusyError while another export notes."""
    path = clean / EXPORTS
    with only_writer(
        clean.parent / f".{clean.name}.exports.lock", f"{path}: another export writes it; run again"
    ):
        lines = ({*exported(clean)} | {(version, to) for version in sent}) - {(v, to) for v in removed}
        ordered = sorted(lines, key=lambda line: (version_key(line[0]), line[1]))
        write_whole(path, "".join(f"{version}\t{place}\n" for version, place in ordered).encode())
