"""A version made once more from its inputs, in a folder of its own, with the code and libraries of now.

The archive files it was made of are linked into that folder, and its parent beside them if it still stands, since a
version's manifest, changes and files say what they are against it. Then a build does what the build did that made it:
adds to the parent, or makes everything anew. Nothing outside the folder is touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.archive import index, takedowns
from pipeline.archive.blocklist import FILE as BLOCKLIST
from pipeline.archive.store import beside, sha256_of, warc_files
from pipeline.archive.withdrawn import FILE as WITHDRAWN
from pipeline.archive.withdrawn import run_of
from pipeline.corpus.build import build
from pipeline.corpus.edition import link_tree
from pipeline.corpus.holds import RELEASED
from pipeline.corpus.job import Job, Progress
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import MANIFEST
from pipeline.corpus.shards import STAGES
from pipeline.corpus.sums import Sums
from pipeline.errors import CorpusError, RefusedError
from pipeline.linking import link_or_copy
from pipeline.records import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A version made once more."""

    folder: Path
    """Where it stands."""
    manifest: Manifest
    """What it is made of; its version is another number where the parent is no longer there."""
    on_parent: bool
    """Whether the parent stood beside it; else what is told against the parent differs."""


WAYS = ((False, False), (True, False), (False, True))
"""How a version that has a parent may have been made (compact, full): added to it, its half-empty files joined too, or
made anew."""


def remake(
    job: Job,
    version: str,
    folder: Path,
    *,
    with_shards: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Remade:
    """Make a version again below `folder`, which must be empty; `job` names archive, corpus, sources and workers.

    `with_shards`: the results of extraction and normalization that stand in the work folder are used, else all is
    done again. What comes nearest is returned. RefusedError when an archive file that it was made of is not there as
    it was, when it was made with corrections and there are none at all, or when a check stands against what comes out.
    """
    manifest = read_manifest(job.clean / version)
    if manifest.corrections and job.corrections is None:
        raise RefusedError(
            f"{job.clean / version}: made with corrections of {len(manifest.corrections)} documents, and there is no"
            " folder of them here: --corrections names it"
        )
    _link_archive(job.raw, folder / "raw", manifest)
    _link_said(job, folder, manifest)
    parent = _whole_parent(job.clean, manifest)
    if parent is not None:
        link_tree(job.clean / parent.version, folder / "clean" / parent.version)
    for shards in (path for stage in STAGES for path in job.work.glob(f"{stage}-*") if with_shards):
        link_tree(shards, folder / "work" / shards.name)
    # a source that was held then is held now by the same gate; no other may be
    let_in = {*manifest.counts, *(source.name for source in job.sources)} - manifest.held.keys()
    again = replace(
        job,
        raw=folder / "raw",
        clean=folder / "clean",
        work=folder / "work",
        confirm=not manifest.held,
        accept=frozenset(let_in),
    )
    made: list[Remade] = []
    for number, (compact, full) in enumerate(WAYS if parent is not None else WAYS[:1]):
        report = build(replace(again, compact=compact, full=full), progress)
        if not report.published or report.version is None:
            continue
        aside = folder / f"made-{number}"
        (folder / "clean" / report.version).rename(aside)
        made.append(Remade(folder=aside, manifest=read_manifest(aside), on_parent=parent is not None))
        if not unlike(manifest, made[-1].manifest):
            break
    if not made:
        raise RefusedError(
            f"{job.clean / version}: made again from its inputs, nothing comes out that its parent has not"
        )
    return min(made, key=lambda each: len(unlike(manifest, each.manifest)))


def unlike(old: Manifest, new: Manifest) -> list[str]:
    """The files of a version that are not, byte for byte, among those it came out as."""
    sums = {file.file: file.sha256 for file in new.files}
    return [file.file for file in old.files if sums.get(file.file) != file.sha256]


def _link_archive(raw: Path, into: Path, manifest: Manifest) -> None:
    """Link the archive files a version was made of, and what stands beside them, into a folder."""
    changed = [
        f.file for f in manifest.inputs if not (raw / f.file).is_file() or sha256_of(raw / f.file) != f.sha256
    ]
    if changed:
        raise RefusedError(
            f"{raw}: {len(changed)} of the {len(manifest.inputs)} files that version {manifest.version} was made of are"
            f" not there as they were, {changed[0]} first: it cannot be made again"
        )
    taken_back = [file for file in warc_files(raw) if run_of(file) in manifest.withdrawn]
    for file in dict.fromkeys([*(each.file for each in manifest.inputs), *taken_back]):
        paths = [raw / file, beside(raw, file, ".sha256"), beside(raw, file, ".cdxj")]
        paths += (raw / "index").glob(f"date=*/{index.parquet_name(file)}")
        for path in (each for each in paths if each.is_file()):
            target = into / path.relative_to(raw)
            target.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(path, target)


def _link_said(job: Job, folder: Path, manifest: Manifest) -> None:
    """What else a build asks: the runs taken back by then, what was taken down, and whether a rollback is released."""
    if (job.raw / WITHDRAWN).is_file():
        lines = (job.raw / WITHDRAWN).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.startswith("#") or line.split("\t")[0] in manifest.withdrawn]
        (folder / "raw" / WITHDRAWN).write_text("".join(kept), encoding="utf-8")
    for path in (job.raw / BLOCKLIST, *sorted((job.raw / takedowns.FOLDER).glob("*.json"))):
        if path.is_file():
            target = folder / "raw" / path.relative_to(job.raw)
            target.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(path, target)
    if (job.clean / RELEASED).is_file():
        (folder / "clean").mkdir(parents=True, exist_ok=True)
        link_or_copy(job.clean / RELEASED, folder / "clean" / RELEASED)


def _whole_parent(clean: Path, manifest: Manifest) -> Manifest | None:
    """The parent of a version, if it still stands as it was published."""
    folder = clean / manifest.parent if manifest.parent is not None else None
    if folder is None or not (folder / MANIFEST).is_file():
        return None
    try:
        parent = read_manifest(folder)
    except CorpusError:
        return None
    return None if Sums(folder).damaged(file.file for file in parent.files) else parent
