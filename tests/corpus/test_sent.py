"""What is made of pages that were sent is what is made of them where they lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import archive
from pipeline.corpus import sent
from pipeline.corpus.batches import Batch, Lost, Steps
from pipeline.corpus.build import build
from pipeline.corpus.pages import extract_batch, lost_captures
from pipeline.corpus.pool import packed, unpacked
from pipeline.corpus.references import page_batches, page_refs
from pipeline.corpus.texts import keep_made, normalize_batch, normalize_rows, read_rows, row_batches
from pipeline.records import Capture, Selector, Source
from tests.archive.archive_cases import earlier
from tests.corpus.archives import PLAIN, START, failed_page, html, job, story_page, write
from tests.corpus.test_feed_texts import SOURCE, WHOLE, blocked, feed, rss, teaser

OTHER = Source(
    name="other",
    home="https://other.example/",
    body=(Selector(css="div.article"),),
    drop=(Selector(css="p:first-child"),),
)
KEY = story_page(3).url_key
"""Of a page in three parts."""


def captures() -> list[Capture]:
    """Captures of one run in the order of their visits, each an hour after the one before."""
    feeds = "https://news.example/list.html"
    parts = [
        story_page(n, url_key=f"{KEY}?p{n}", part_of=KEY, body=html(PLAIN[3].title, PLAIN[3].body[n : n + 2]))
        for n in (4, 5)
    ]
    of_key = story_page(3, body=html(PLAIN[3].title, PLAIN[3].body[:3]))
    found = [
        story_page(1, via=feeds),
        feed(rss(WHOLE)),
        teaser(),
        of_key,
        story_page(2, source="other", via=feeds),
        parts[0],
        replace(teaser(), url_key="https://news.example/b/0.html", via=feeds),
        failed_page(7, "timeout"),
        parts[1],
        replace(blocked(), url_key="https://news.example/c/0.html"),
        story_page(8, rendered=html("写出来的题目", PLAIN[8].body), body=b"<html><script>1</script></html>"),
        story_page(9, outcome="not_html", headers=(("Content-Type", "text/plain"),), body=b"a,b\n" * 9),
    ]
    return [replace(each, fetched_at=START + timedelta(hours=n)) for n, each in enumerate(found)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in whose last file stands what needs more of it than its own records."""
    folder = tmp_path_factory.mktemp("sent")
    write(folder, captures())
    write_later(folder)
    return folder


def write_later(folder: Path) -> None:
    """A second run: pages that are another's or the same again, alone and as parts of an article."""
    (first,) = archive.sealed(folder)
    by_key = {c.url_key: c for c in archive.read(folder, first.file)}
    at = START + timedelta(days=3)
    with archive.Writer(folder, "run-2", clock=lambda: at) as writer:
        of = {"fetched_at": at}
        story = by_key[story_page(2).url_key]
        twin = story_page(
            2, url="https://twin.example/2", url_key="https://twin.example/2", body=story.body, **of
        )
        writer.write(story_page(5, **of))
        writer.write(twin, earlier=earlier(story))
        writer.write(story_page(3, body=html(PLAIN[3].title, PLAIN[3].body[:3]), **of))
        same = story_page(4, url_key=f"{KEY}?p4", part_of=KEY, status=304, body=b"", **of)
        writer.write(same, earlier=earlier(by_key[same.url_key]))
        writer.write(
            story_page(1, status=304, body=b"", **of), earlier=earlier(by_key[story_page(1).url_key])
        )
        writer.write(story_page(6, **of))


class Kept:
    """The two ways of a batch, and which parts of it stayed here."""

    def __init__(self, raw: Path) -> None:
        self.whole = partial(extract_batch, raw, (SOURCE, OTHER))
        self.here: list[Batch] = []
        self.steps: Steps[pa.Table] = sent.extraction(raw, (SOURCE, OTHER), self.whole, self._here)

    def _here(self, batches: Sequence[Batch]) -> Iterator[tuple[Batch, pa.Table]]:
        self.here += batches
        for batch in batches:
            yield batch, self.whole(batch)

    def sent(self, batch: Batch) -> pa.Table:
        """The rows of a batch whose pages were sent."""
        given = unpacked(packed(self.steps.gather(batch)))
        return self.steps.keep(batch, unpacked(packed(self.steps.work(given))))


def test_pages_that_are_sent_give_the_rows_they_give_where_they_lie(raw: Path) -> None:
    kept = Kept(raw)
    for file in archive.sealed(raw):
        refs = page_refs(raw, file.file)
        (batch,) = page_batches(raw, file.file)
        assert batch.count == len(refs) > 5
        for part in (batch, *(Batch(file=file.file, start=n, count=1) for n in range(len(refs)))):
            assert kept.sent(part).equals(kept.steps(part)), part


def test_what_needs_more_of_the_archive_stays_here(raw: Path) -> None:
    kept, stayed = Kept(raw), []
    for file in archive.sealed(raw):
        kept.here.clear()
        (batch,) = page_batches(raw, file.file)
        kept.sent(batch)
        urls = [ref.url_key.removeprefix("https://") for ref in page_refs(raw, file.file)]
        stayed.append([urls[each.start : each.start + each.count] for each in kept.here])
    with_feed = [["news.example/a/0.html"], ["news.example/c/0.html"]]
    assert stayed[0] == with_feed, "not the teaser that was found in no feed"
    page = KEY.removeprefix("https://")
    assert stayed[1] == [["twin.example/2"], [page, f"{page}?p4"]], "not what is the same again and alone"


def test_only_so_much_is_sent_with_a_batch(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(raw)
    (batch,) = page_batches(raw, archive.sealed(raw)[0].file)
    rows = kept.steps(batch)
    monkeypatch.setattr(sent, "MOST_BYTES", 5_000)
    assert len(kept.steps.gather(batch).records) <= 5_000
    assert kept.sent(batch).equals(rows)
    assert len(kept.here) > 2
    monkeypatch.setattr(sent, "MOST_BYTES", 0)
    assert kept.sent(batch).equals(rows)


def test_only_the_sources_of_the_pages_go_along(raw: Path) -> None:
    kept = Kept(raw)
    refs = page_refs(raw, archive.sealed(raw)[0].file)
    (at,) = (n for n, ref in enumerate(refs) if ref.source == "other")
    given = kept.steps.gather(Batch(file=refs[at].file, start=at, count=1))
    assert given.sources == (OTHER,)
    assert len(given.records) < 3_000


def test_a_page_that_breaks_its_worker_here_is_lost_in_its_place(raw: Path) -> None:
    """The pool gives a broken batch in halves."""
    kept = Kept(raw)

    def halved(batches: Sequence[Batch]) -> Iterator[tuple[Batch, pa.Table]]:
        for batch in batches:
            for part in batch.halves() if batch.count > 1 else (batch,):
                yield part, lost_captures(raw, Lost(batch=part, why="killed"))

    steps = sent.extraction(raw, (SOURCE, OTHER), kept.whole, halved)
    (batch,) = page_batches(raw, archive.sealed(raw)[1].file)
    rows = steps.keep(batch, steps.work(steps.gather(batch)))
    quarantined = [row["url_key"] for row in rows.to_pylist() if row["reason"] == "quarantined"]
    assert quarantined == ["https://twin.example/2", KEY, f"{KEY}?p4"]
    assert rows["url_key"].to_pylist() == [ref.url_key for ref in page_refs(raw, batch.file)]


def test_a_file_that_was_cut_off_is_not_sent(raw: Path, tmp_path: Path) -> None:
    shutil.copytree(raw, tmp_path / "raw")
    file = archive.sealed(raw)[0].file
    (tmp_path / "raw" / file).chmod(0o644)
    with (tmp_path / "raw" / file).open("ab") as stream:
        stream.truncate(stream.tell() - 5)
    with pytest.raises(archive.Damaged, match="not as long as when it was sealed"):
        sent.send(tmp_path / "raw", (), Batch(file=file, start=0, count=1))


def test_rows_that_were_sent_are_normalized_as_where_they_lie(raw: Path, tmp_path: Path) -> None:
    build(job(tmp_path, SOURCE, OTHER, raw=raw))
    shards = sorted((tmp_path / ".build").glob("extract-*/*.parquet"))
    for shard in shards:
        for batch in row_batches(shard):
            given = unpacked(packed(read_rows(batch)))
            assert keep_made(batch, unpacked(packed(normalize_rows(given)))).equals(normalize_batch(batch))
    assert len(shards) == 2
