"""A version as an export with `--mask` sends it: its rows with personal data masked, and nothing that gives it back.

Each file of rows is masked once and kept under the sum of the file it was made of, in `masked/` of the work folder, so
that the next export costs what is new; that folder may be deleted at any time, and a takedown does. The sums of the
rows' texts are those of the masked texts. What holds hashes of the texts as they were stays behind (the index of
deduplication, the changes): of a number of eleven digits a hash is no secret.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from pipeline.archive.store import write_whole
from pipeline.corpus import life, personal, publish
from pipeline.corpus.card import write_card
from pipeline.corpus.exports import check_here
from pipeline.corpus.identity import short_hash
from pipeline.corpus.job import Progress
from pipeline.corpus.read import version_key
from pipeline.corpus.schema import (
    SCHEMA,
    SCHEMA_VERSION,
    TABLES,
    column_types,
    from_table,
    read_parquet,
    to_table,
    write_parquet,
)
from pipeline.corpus.tombstones import TOMBSTONES
from pipeline.errors import UsageError
from pipeline.linking import link_or_copy
from pipeline.records import MASKED, Document, Flag, Manifest
from pipeline.rules import fingerprint

FOLDER = "masked"
"""Folder of the work folder."""

ADDRESSES = frozenset(
    {
        *("id", "capture", "source", "site", "url", "url_key", "canonical_url", "origin_url", "license_url"),
        *("target", "of", "related_to", "cluster", "form_id", "text_hash", "extracted_hash", "made_by"),
    }
)
"""Fields of rows that are names and addresses: they stay, or nothing could be found again."""

_TEXTS = {"text": "structure", "extracted": "structure_raw"}
"""Texts whose parts stand in a column beside them."""

LIBRARIES = ("phonenumbers", "python-stdnum")
"""What knows the numbers."""


def masked_version(folder: Path, kinds: Sequence[str], work: Path, progress: Progress) -> Path:
    """The folder, of the version's name, that holds what is sent of a version; for the holder of its lock.

    CorpusError for a file that is not as it was published, UsageError for a version of an earlier schema.
    """
    manifest = publish.read_manifest(folder)
    if version_key(manifest.version)[0] != SCHEMA_VERSION:
        raise UsageError(f"{folder}: of an earlier schema, it cannot be masked; export a later version")
    top = work / FOLDER / _key(kinds)
    made, staged = top / "files", top / manifest.version
    publish.discard(staged)
    found: Counter[str] = Counter(dict.fromkeys(kinds, 0))
    try:
        made.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(manifest.files):
            progress(f"mask {manifest.version}", number, len(manifest.files))
            table, target = file.file.partition("/")[0], staged / file.file
            if table not in (*TABLES, life.FOLDER, TOMBSTONES):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if table in TABLES:
                found.update(_masked_file(folder / file.file, file.sha256, made, kinds))
                link_or_copy(made / f"{file.sha256}.parquet", target)
            else:
                check_here(folder / file.file, file.sha256)
                link_or_copy(folder / file.file, target)
        progress(f"mask {manifest.version}", len(manifest.files), len(manifest.files))
        _describe(staged, replace(manifest, masked=dict(sorted(found.items()))))
    except OSError as error:
        raise publish.disk_error(error, staged) from error
    return staged


def forget(work: Path) -> None:
    """Remove whatever was masked."""
    shutil.rmtree(work / FOLDER, ignore_errors=True)


def tidy(work: Path, kinds: Sequence[str]) -> None:
    """Leave of what was masked the files that the versions sent last are made of."""
    top = work / FOLDER / _key(kinds)
    for other in (work / FOLDER).iterdir():
        if other.is_dir() and other != top:
            shutil.rmtree(other)
    named = {each.name for each in top.iterdir() if each.name != "files"}
    inodes = {path.stat().st_ino for name in named for path in (top / name).rglob("*.parquet")}
    for path in (top / "files").glob("*.parquet"):
        if path.stat().st_ino not in inodes:
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink()
    for name in named:
        shutil.rmtree(top / name)


def mask_row(row: Document, kinds: tuple[str, ...]) -> tuple[Document, Counter[str]]:
    """A row with its personal data masked, and how many of each kind there were.

    >>> from datetime import UTC, datetime
    >>> day = datetime(2026, 11, 1, tzinfo=UTC)
    >>> it = {"id": "1", "capture": "c", "source": "s", "url": "u", "url_key": "u", "site": "s"}
    >>> row = Document(**it, captured_at=day, first_seen=day, text="电话13812345678。", extracted="")
    >>> mask_row(row, ("phone",))[0].text
    '电话███████████。'
    """
    found: Counter[str] = Counter()
    said = {name: _masked(value, kinds, found) for name, value in _said(row).items() if name not in _TEXTS}
    for name, structure in _TEXTS.items():
        text, spans = personal.mask(getattr(row, name), kinds)
        found.update(span.label for span in spans)
        spans = (*said[structure], *spans)
        said |= {name: text, structure: tuple(sorted(spans, key=lambda span: (span.start, -span.end)))}
    if not found:
        return row, found
    flags = tuple(
        _quoting(was, flag, row.text, said["text"])
        for was, flag in zip(row.flags, said["flags"], strict=True)
    )
    if not any(flag.name == MASKED for flag in flags):
        flags = (*flags, Flag(name=MASKED))
    said |= {"flags": flags, "text_hash": short_hash(said["text"])}
    said |= {"extracted_hash": short_hash(said["extracted"])}
    return replace(row, **said), found


def _said(row: Any) -> dict[str, Any]:
    """What people wrote in a row or a record of it: all but names and addresses."""
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in ADDRESSES}


def _masked(value: Any, kinds: tuple[str, ...], found: Counter[str]) -> Any:
    """A value of a row masked, whatever it is made of; its texts are counted."""
    if isinstance(value, str):
        text, spans = personal.mask(value, kinds)
        found.update(span.label for span in spans)
        return text if spans else value
    if isinstance(value, tuple):
        return tuple(_masked(each, kinds, found) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        said = {name: _masked(each, kinds, found) for name, each in _said(value).items()}
        return replace(value, **said)
    return value


def _quoting(was: Flag, flag: Flag, text: str, masked: str) -> Flag:
    """A flag whose words are those of the masked text: cut out of it, half a number proves nothing."""
    at = (
        text.find(was.text, max(0, (was.start or 0) - len(was.text)))
        if was.start is not None and was.text
        else -1
    )
    return flag if at < 0 else replace(flag, text=masked[at : at + len(was.text)])


def _key(kinds: Sequence[str]) -> str:
    """What masked files depend on besides the files they are made of."""
    said = (fingerprint("corpus.masking"), *(installed(name) for name in LIBRARIES), *kinds)
    return sha256("\n".join(said).encode()).hexdigest()[:16]


def _masked_file(path: Path, digest: str, made: Path, kinds: Sequence[str]) -> dict[str, int]:
    """Make the masked file of a file of rows, if it was not made before; how many of each kind it masks."""
    target, told = made / f"{digest}.parquet", made / f"{digest}.json"
    if not told.is_file():
        check_here(path, digest)
        rows = [mask_row(row, tuple(kinds)) for row in from_table(read_parquet([path]))]
        beside = target.with_suffix(".part")
        write_parquet(to_table([row for row, _ in rows]), beside)
        beside.replace(target)
        write_whole(told, json.dumps(sum((found for _, found in rows), Counter())).encode())
    counts: dict[str, int] = json.loads(told.read_bytes())
    return counts


def _describe(staged: Path, manifest: Manifest) -> None:
    """Write the card, the manifest and the sums of what is sent."""
    rows = read_parquet(
        sorted(path for table in TABLES for path in (staged / table).glob("*.parquet")), ["source", "terms"]
    )
    terms = {
        row["source"]: row["terms"] for row in rows.group_by(["source", "terms"]).aggregate([]).to_pylist()
    }
    manifest = replace(manifest, corrections={}, columns=column_types(SCHEMA))
    manifest = replace(manifest, files=publish.describe_files(staged, None, {}))
    write_card(staged, manifest, terms)
    manifest = replace(manifest, files=publish.describe_files(staged, None, {}))
    publish.write_manifest(staged, manifest)
