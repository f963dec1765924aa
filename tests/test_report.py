"""A run in words: what the web said stays quoted in the Markdown of an artifact."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pipeline.corpus.job import BuildReport
from pipeline.crawl.tally import Visit
from pipeline.report import difference, markdown_run
from pipeline.runs import RunReport

CLEAN = Path("/data/clean")


def report(note: str, title: str) -> RunReport:
    sample: dict[str, str | None] = {
        "kind": "changed",
        "cause": "normalize",
        "title": title,
        "url": "http://example.org/",
        "before": "旧文",
        "after": "新文",
    }
    build = BuildReport(version="1.2.0", parent="1.1.0", published=True, full=None, samples=(sample,))
    return RunReport(visits=(Visit(source="news", found=3, notes=(note,)),), build=build)


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "[click](http://evil.example/)",
        "first\n\n# A heading",
        "first\r\r[click](http://evil.example/)",
        "```\n<script>alert(1)</script>",
        "| a | b |",
    ],
)
def test_nothing_a_page_says_acts_as_markdown(hostile: str) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = reader.render(markdown_run(report(hostile, hostile), CLEAN))
    assert "<a " not in html, "this reader makes no link of file:, so that one would be the page's"
    assert html.count("<table>") == 1
    assert html.count("<pre><code>") == 2
    assert "<h1>" not in html
    assert "<img" not in html
    assert "<script" not in html


def test_funnel_and_version_stand_in_it() -> None:
    text = markdown_run(report("a note", "题"), CLEAN)
    assert "| news | 3 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in text
    assert "[/data/clean/1.2.0](file:///data/clean/1.2.0)" in text
    assert "    -旧文\n    +新文" in text


def test_a_difference_is_cut_to_a_readable_length() -> None:
    lines = difference("\n".join("旧" * 500 for _ in range(50)), "\n".join("新" * 500 for _ in range(50)))
    assert len(lines) == 8
    assert max(len(line) for line in lines) == 160
