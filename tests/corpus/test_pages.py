from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import archive
from pipeline.corpus.pages import extract_group
from tests.archive.archive_cases import earlier
from tests.corpus.archives import PLAIN, START, html, story_page, write

STORY = PLAIN[0]
KEY = story_page(0).url_key


def test_a_joined_article_has_the_text_of_a_part_that_was_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = story_page(2, url_key=f"{KEY}?p2", part_of=KEY, body=html(STORY.title, STORY.body[3:]))
    with archive.Writer(tmp_path, "run", clock=lambda: START) as writer:
        original = writer.write(second)
    for day in range(1, 6):
        write(tmp_path, [story_page(day + 10, fetched_at=START + timedelta(days=day))], f"run-{day}")
    at = START + timedelta(days=9)
    with archive.Writer(tmp_path, "again", clock=lambda: at) as writer:
        first = writer.write(story_page(0, body=html(STORY.title, STORY.body[:3]), fetched_at=at))
        same = story_page(2, url_key=f"{KEY}?p2", part_of=KEY, status=304, body=b"", fetched_at=at)
        same = writer.write(same, earlier=earlier(original))
    opened: list[Path] = []
    real = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda path, **rest: opened.append(path) or real(path, **rest))
    article, part = extract_group(tmp_path, [first, same], None)
    assert article.extracted.split("\n") == list(STORY.body)
    assert part.reason == "part_of"
    assert len(opened) == 1, "one file of the daily index, however many there are"


def test_a_part_whose_first_text_is_gone_is_left_out(tmp_path: Path) -> None:
    second = story_page(2, url_key=f"{KEY}?p2", part_of=KEY, body=html(STORY.title, STORY.body[3:]))
    with archive.Writer(tmp_path / "lost", "run", clock=lambda: START) as writer:
        original = writer.write(second)
    with archive.Writer(tmp_path / "raw", "again", clock=lambda: START) as writer:
        first = writer.write(story_page(0, body=html(STORY.title, STORY.body[:3])))
        same = story_page(2, url_key=f"{KEY}?p2", part_of=KEY, status=304, body=b"")
        same = writer.write(same, earlier=earlier(original))
    article, part = extract_group(tmp_path / "raw", [first, same], None)
    assert article.extracted.split("\n") == list(STORY.body[:3])
    assert part.reason == "unchanged"


def test_a_text_that_the_crawl_did_not_want_is_a_document(tmp_path: Path) -> None:
    text = "\n\n".join([STORY.title, "作者：李小山", *STORY.body]).encode("gbk", "replace")
    plain = (("Content-Type", "text/plain"),)
    with archive.Writer(tmp_path, "run", clock=lambda: START) as writer:
        stored = writer.write(story_page(0, body=text, headers=plain, outcome="not_html"))
        table = writer.write(story_page(1, body="甲,乙,丙\n".encode() * 9, headers=plain, outcome="not_html"))
        image = writer.write(
            story_page(2, body=text, headers=(("Content-Type", "image/png"),), outcome="not_html")
        )
    (document,) = extract_group(tmp_path, [stored], None)
    assert (document.title_raw, document.author, document.method) == (STORY.title, "李小山", "text")
    assert document.extracted.split("\n") == list(STORY.body)
    assert [extract_group(tmp_path, [each], None)[0].reason for each in (table, image)] == [
        "not_html",
        "not_html",
    ]
