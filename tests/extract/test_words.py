"""The words of the tables, one after the other in a line of our own: each word has to make the difference.

A case of `tests/cases/words.jsonl` is a line with {} for a word, what reads it, and what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import byline, dateline, extract_page, names, weights
from pipeline.extract.boilerplate import matching
from pipeline.extract.dates import find_day
from pipeline.extract.declaredtitle import clean_title
from pipeline.extract.embedded import _as_html, only_shell
from pipeline.extract.layout import read_layout
from pipeline.extract.looks import by_look
from pipeline.extract.noarticle import _notice
from pipeline.extract.weights import weigh
from pipeline.records import Article
from tests.extract.facts import BODY, TITLE, URL, article


def look(html: str) -> str | None:
    return by_look(read_layout(LexborHTMLParser(f"<img>{html}")).lines[-1])


def is_discounted(line: str) -> bool:
    weights = weigh(read_layout(LexborHTMLParser(f"<p>{line}")))
    return weights.line[0] < weights.plain[0]


def day(text: str) -> str | None:
    found = find_day(text)
    return found.day.isoformat() if found else None


def fact(part: str, name: str) -> Callable[[str], str | None]:
    """What a fact of our page is, with the line in a part of it; the address gives a day where none is printed."""

    def read(line: str) -> str | None:
        found = getattr(article({part: line, "url": "https://www.example.com/2020/0102/1.html"}), name)
        return None if found is None else str(found)

    return read


def thread(post: str) -> bool:
    """Whether of two posts the second is a reply; № is a number, ¶ a text."""
    posts = (post.replace("№", str(n)).replace("¶", f"<p>{BODY[n]}</p>" * (3 - n)) for n in range(2))
    html = f"<title>{TITLE}</title><h1>{TITLE}</h1><div>{''.join(posts)}</div>"
    (found,) = extract_page(html.encode(), url=URL).articles
    return BODY[1] not in found.extracted


def first_post(inside: str) -> str:
    """What is read of something in the first post of a thread beside its text."""
    posts = (
        f"<div class=post><a href=/user/{n}>石{n}</a> <i>2020-05-06</i><p>{BODY[n]}</p>{'' if n else inside}</div>"
        for n in range(3)
    )
    html = f"<title>{TITLE}</title><h1>{TITLE}</h1>{''.join(posts)}"
    (found,) = extract_page(html.encode(), url=URL).articles
    return found.extracted.replace(BODY[0], "").strip()


def replies(reply: str) -> bool:
    """Whether two replies, longer than the post above them, are read; ¶ is the text of one."""
    html = f"<title>{TITLE}</title><h1>{TITLE}</h1><div><p>{BODY[0]}</p><p>{BODY[1]}</p>"
    html += reply.replace("¶", f"<p>{BODY[2]}</p>" * 6) * 2 + "</div>"
    (found,) = extract_page(html.encode(), url=URL).articles
    return BODY[2] in found.extracted


def board(text: str) -> str:
    """What is read of a text of a bulletin board; ¶ and # are its posts."""
    text = text.replace("¶", BODY[0] + "\n" + BODY[1]).replace("#", BODY[2])
    html = f"<title>{TITLE}</title><pre>{text}</pre>"
    (found,) = extract_page(html.encode(), url=URL).articles
    return found.extracted.replace(BODY[0] + "\n" + BODY[1], "¶")


def rows(text: str) -> str:
    """What is read of a text that only a style sheet shows in rows; ¶ is a row."""
    html = f"<title>{TITLE}</title><h1>{TITLE}</h1><div>{text.replace('¶', BODY[0])}</div>"
    (found,) = extract_page(html.encode(), url=URL).articles
    return found.extracted.replace(BODY[0], "¶")


def of_text(text: str) -> Article:
    """The article of a plain text; ¶ is a paragraph."""
    (found,) = extract_page(text.replace("¶", BODY[0]).encode(), url=URL, content_type="text/plain").articles
    return found


def lines_of_script(state: str) -> int:
    """How many lines are read of a page that has only a script; ¶ is a text."""
    html = f"<title>{TITLE}</title><script>window.state = {state.replace('¶', BODY[0])}</script>"
    return sum(len(found.extracted.split("\n")) for found in extract_page(html.encode(), url=URL).articles)


ASK: dict[str, Callable[[str], object]] = {
    "agency": byline.agency,
    "as_html": _as_html,
    "author_in": byline.author_in,
    "clean_title": clean_title,
    "closing_author": byline.closing_author,
    "comments": lambda line: weights.COMMENTS.fullmatch(line) is not None,
    "dateline_author": dateline.dateline_author,
    "day": day,
    "discounted": is_discounted,
    "is_name": names.is_name,
    "look": look,
    "names": lambda text: "、".join(names.names_of(text)),
    "notice": lambda text: _notice(read_layout(LexborHTMLParser(f"<p>{text}</p>")).lines[0]),
    "only_shell": only_shell,
    "paper_in": byline.paper_in,
    "source_in": byline.source_in,
    "author of head": fact("head", "author"),
    "author of meta": fact("meta", "author"),
    "day of head": fact("head", "published_on"),
    "day of first": fact("first", "published_on"),
    "day of meta": fact("meta", "published_on"),
    "day_from of head": fact("head", "published_from"),
    "day_from of foot": fact("foot", "published_from"),
    "day_from of below": fact("below", "published_from"),
    "source of head": fact("head", "origin_name"),
    "source of foot": fact("foot", "origin_name"),
    "source of meta": fact("meta", "origin_name"),
    "title of h1": fact("h1", "title"),
    "any line": lambda line: matching(line, "any"),
    "board": board,
    "first post": first_post,
    "lines of text": lambda text: len(of_text(text).extracted.split("\n")),
    "replies": replies,
    "rows": rows,
    "script": lines_of_script,
    "section": fact("above", "section"),
    "teaser": lambda html: "烤房开张的" in article({"foot": html}).extracted,
    "thread": thread,
    "title of text": lambda text: of_text(text).title,
    "bare title": lambda html: article({"h1": html, "title": "城北网"}).title,
}
CASES = [
    (case, word)
    for line in (Path(__file__).parents[1] / "cases" / "words.jsonl").read_text("utf-8").splitlines()
    for case in [json.loads(line)]
    for word in case["words"]
]


@pytest.mark.parametrize(("case", "word"), CASES)
def test_what_a_word_says(case: dict[str, Any], word: str) -> None:
    said = case["is"].replace("{}", word) if isinstance(case["is"], str) else case["is"]
    assert ASK[case["ask"]](case["line"].replace("{}", word)) == said
