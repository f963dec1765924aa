"""The page captures of an archive file and the batches they are worked off in; what plans a build needs no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pipeline.archive import cdxj
from pipeline.archive.store import path_of
from pipeline.corpus.batches import PER_BATCH, Batch
from pipeline.records import Capture, Kind

C = TypeVar("C", Capture, cdxj.Ref)


def page_refs(raw: Path, file: str) -> list[cdxj.Ref]:
    """The page captures of a sealed file, the further parts of an article right behind its first.

    Hosts are visited side by side, so that the parts do not lie together in the file. Kept, since every
    batch of the file asks for them; a file that was repaired meanwhile is another one to a worker of a cluster.
    """
    return _page_refs(raw, file, path_of(raw, file).stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _page_refs(raw: Path, file: str, _written: int) -> list[cdxj.Ref]:
    refs = [ref for ref in cdxj.refs(raw, file) if ref.kind == Kind.PAGE]
    firsts = {ref.url_key for ref in refs if ref.part_of is None}
    parts: dict[str, list[cdxj.Ref]] = defaultdict(list)
    for ref in refs:
        if ref.part_of in firsts:
            parts[ref.part_of or ""].append(ref)
    whole = [ref for ref in refs if ref.part_of not in firsts]
    return [each for ref in whole for each in (ref, *parts.pop(ref.url_key, ()))]


def page_batches(raw: Path, file: str, wanted: Callable[[cdxj.Ref], bool] | None = None) -> list[Batch]:
    """Batches of a file's page captures, or of those that are wanted; the parts of one article stay together."""
    batches: list[Batch] = []
    start = 0
    for group in groups(page_refs(raw, file)):
        if wanted is None or any(map(wanted, group)):
            last = batches[-1] if batches else None
            if last is not None and last.start + last.count == start and last.count < PER_BATCH:
                batches[-1] = replace(last, count=last.count + len(group))
            else:
                batches.append(Batch(file=file, start=start, count=len(group)))
        start += len(group)
    return batches


def groups(captures: Sequence[C]) -> Iterator[list[C]]:
    """Captures in runs: a page, and behind it the further parts of its article."""
    group: list[C] = []
    for capture in captures:
        if group and capture.part_of is not None and capture.part_of == group[0].url_key:
            group.append(capture)
            continue
        if group:
            yield group
        group = [capture]
    if group:
        yield group
