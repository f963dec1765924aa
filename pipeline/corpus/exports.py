"""Where the versions of a corpus were exported to, what an export is to do there, and what it did.

`clean/exports.tsv` says it to a takedown, which must know where else a text stands: a line a version and place,
`2.37.0<TAB>s3://bucket/zh`. `corpus export` writes it before the first byte is sent; a line goes when the version was
removed there.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.archive.store import sha256_of, write_whole
from pipeline.corpus.feed import VERSION
from pipeline.corpus.read import MANIFEST, SUMS, version_key
from pipeline.corpus.remote import Place, fetch, network_errors, told
from pipeline.errors import CorpusError, NoSpaceError, RefusedError
from pipeline.locking import only_writer

EXPORTS = "exports.tsv"


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
    masked: Mapping[str, int] = field(default_factory=dict)
    """Kind of personal data → how often it is masked in what stands there; empty: nothing was to be."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an export is to do with the versions at its target."""

    send: tuple[str, ...]
    """To send, oldest first."""
    remove: tuple[str, ...]
    """To remove, when what is sent stands there."""
    unknown: tuple[str, ...]
    """There, not here, and left."""


def plan(there: Collection[str], here: Collection[str], chosen: str, *, mirror: bool, to: str) -> Plan:
    """What becomes of the versions at a target when one is sent; with `mirror` the target follows the corpus.

    A revision replaces an earlier one of its release. RefusedError for an earlier revision than stands there.
    """
    newest = {release(v): v for v in sorted(here, key=version_key)}
    send = {chosen} | ({newest[release(v)] for v in there if release(v) in newest} if mirror else set())
    sent = {release(v): v for v in send}
    later = [v for v in there if release(v) == release(chosen) and version_key(v) > version_key(chosen)]
    if later:
        raise RefusedError(
            f"{to}: {later[0]} stands there, made because something was taken down: {chosen} does not go back"
        )
    replaced = {v for v in there if release(v) in sent and v != sent[release(v)]}
    unknown = set(there) - replaced - set(here)
    remove = replaced | unknown if mirror else replaced
    return Plan(
        send=tuple(sorted(send, key=version_key)),
        remove=tuple(sorted(remove, key=version_key)),
        unknown=tuple(sorted(unknown - remove, key=version_key)),
    )


def release(version: str) -> tuple[int, ...]:
    """SCHEMA and RELEASE of a version: what its revisions share."""
    return version_key(version)[:2]


def sums_of(folder: Path) -> dict[str, str]:
    """File → sum of every file of a version, in the order they are sent: the manifest last."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    manifest = listed.pop(MANIFEST)
    return {**listed, SUMS: sha256_of(folder / SUMS), MANIFEST: manifest}


def masked_in(folder: Path) -> dict[str, int]:
    """What is masked in a version or the copy of one: kind → how often."""
    found: dict[str, int] = json.loads((folder / MANIFEST).read_bytes()).get("masked", {})
    return found


def refuse_other_masks(top: Place, there: Collection[str], copy: Path) -> None:
    """RefusedError where the versions at a target are masked otherwise than one to be sent: they look alike."""
    if not there:
        return
    with reaching(top.url):
        said = fetch(top.version(max(there, key=version_key)).at(MANIFEST))
    try:
        stands = sorted(json.loads(said).get("masked", ()))
    except ValueError:
        return  # damaged, and of another version then than the one that is to be sent
    if stands != sorted(masked_in(copy)):
        was = f"with --mask {','.join(stands)}" if stands else "without --mask"
        raise RefusedError(
            f"{top.url}: versions were exported there {was}; say the same, or name another place"
        )


def check_here(path: Path, digest: str) -> None:
    """CorpusError where a file of the version is not as it was published: damage is not passed on."""
    if not path.is_file() or sha256_of(path) != digest:
        raise CorpusError(
            f"{path}: missing, or not as it was published; see `corpus verify`. It was not sent"
        )


@contextmanager
def reaching(to: str) -> Iterator[None]:
    """Turns what goes wrong at a target into one error that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise CorpusError(f"{to}: no such bucket or folder ({error}); make it, then run again") from error
    except network_errors() as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceError(
                f"{to}: the disk is full; free some space and run again, what was sent is kept"
            ) from error
        raise CorpusError(f"{to}: {told(error)}; what was sent is kept, run again to go on") from error


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


def noted(clean: Path, to: str, *, sent: Iterable[str] = (), removed: Iterable[str] = ()) -> bool:
    """`note` for an export: what stands on a medium that cannot be written is exported all the same; False then."""
    try:
        note(clean, to, sent=sent, removed=removed)
    except OSError:
        return False
    return True
