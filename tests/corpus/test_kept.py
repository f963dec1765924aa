"""After one source is declared otherwise only its captures are worked on, and the version is as if all had been."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.corpus import kept, references, shards
from pipeline.corpus.build import build
from pipeline.corpus.kept import MadeOf
from pipeline.corpus.shards import Stages
from pipeline.corpus.upgrade import foresee
from pipeline.records import Capture, Source
from tests.corpus.archives import START, job, story_page, write
from tests.corpus.test_build import sums

NAMES = ("a", "b", "c")
SOURCES = tuple(Source(name=name, home=f"https://{name}.example/") for name in NAMES)
OTHER = (SOURCES[0], Source(name="b", home="https://b.example/", extractor="container"), SOURCES[2])


def pages(first: int, count: int) -> list[Capture]:
    """Pages of three sources in turn; every fourth goes on in a second part, which lies behind all others."""
    made, parts = [], []
    for n in range(first, first + count):
        name = NAMES[n % 3]
        url = f"https://{name}.example/{n}.html"
        when = START + timedelta(minutes=n)
        made.append(story_page(n % 10, source=name, url=url, url_key=url, final_url=url, fetched_at=when))
        if n % 4 == 0:
            more = url.replace(".html", "_2.html")
            parts.append(
                story_page(
                    (n + 5) % 10,
                    source=name,
                    url=more,
                    url_key=more,
                    final_url=more,
                    fetched_at=START + timedelta(hours=5, minutes=n),
                    part_of=url,
                )
            )
    return [*made, *parts]


def test_one_changed_source_is_extracted_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "PER_BATCH", 4)
    monkeypatch.setattr(shards, "PER_BATCH", 4)  # several row groups in a file, of several runs
    captures = [pages(0, 14), pages(14, 8)]
    for number, each in enumerate(captures):
        write(tmp_path / "raw", each, f"run-{number}")
    assert build(job(tmp_path, *SOURCES)).extracted == 22, "a part is extracted with its first"
    shutil.copytree(tmp_path, tmp_path.with_name("anew"), symlinks=True)
    shutil.rmtree(tmp_path.with_name("anew") / ".build")

    assert foresee(job(tmp_path, *OTHER)).extract == sum(each.source == "b" for c in captures for each in c)
    report = build(job(tmp_path, *OTHER))
    assert (report.extracted, report.normalized) == (7, 7), "22 pages of three sources"
    anew = build(job(tmp_path.with_name("anew"), *OTHER))
    assert anew.extracted == 22
    assert report.version == anew.version == "2.2.0"
    assert sums(tmp_path / "clean") == sums(tmp_path.with_name("anew") / "clean")


@pytest.mark.parametrize("damaged", ["extract", "normalize"])
def test_an_earlier_shard_that_is_damaged_gives_no_rows(tmp_path: Path, damaged: str) -> None:
    write(tmp_path / "raw", pages(0, 6))
    build(job(tmp_path, *SOURCES))
    [shard] = (tmp_path / ".build").glob(f"{damaged}-*/*.parquet")
    whole = shard.read_bytes()
    shard.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    report = build(job(tmp_path, *OTHER))
    assert (report.extracted, report.normalized) == ((6, 6) if damaged == "extract" else (2, 6))


def test_what_was_made_of_another_file_or_without_another_run_is_of_no_use(tmp_path: Path) -> None:
    now = MadeOf(file="1", sources={"a": "x"}, without=())
    names = {"a", "b"}
    assert kept.changed(now, MadeOf(file="1", sources={}, without=()), names) == frozenset({"a"})
    assert kept.changed(now, MadeOf(file="1", sources={"a": "x", "c": "y"}, without=()), names) == frozenset()
    assert kept.changed(now, MadeOf(file="2", sources={}, without=()), names) is None
    assert kept.changed(now, MadeOf(file="1", sources={}, without=("run",)), names) is None
    assert kept.changed(now, MadeOf(file="1", sources={"b": "z"}, without=()), names) is None, "all changed"
    assert kept.read(tmp_path / "none") is None


def test_a_shard_says_what_it_was_made_of(tmp_path: Path) -> None:
    write(tmp_path / "raw", pages(0, 3))
    build(job(tmp_path, *OTHER))
    [file] = archive.standing(tmp_path / "raw")
    stages = Stages(raw=tmp_path / "raw", work=tmp_path / ".build", sources=OTHER)
    said = shards.made_of(stages, file)
    assert (said.file, set(said.sources)) == (file.sha256, {"b"})
    assert kept.read(shards.extract_shard(stages, file)) == said
    assert kept.read(shards.normalize_shard(stages, file)) == said
