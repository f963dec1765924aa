"""A page of our own round a body, built from the parts a case gives: `tests/cases/authors.jsonl`, `origins.jsonl`,
`titles.jsonl`, `published.jsonl`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.extract import extract_page
from pipeline.records import Article

TITLE = "旧磨坊又转了起来"
URL = "https://www.example.com/i/1"
BODY = (
    "河西村的旧磨坊停了三十年，今年秋天重新转了起来。磨坊主人的孙子辞去城里的工作，用半年时间修好了水轮和石磨。",
    "第一批面粉只有八十斤，半天就被邻村的人买光了。“机器磨的面太细，没有麦子味，”排队的老人说。",
    "下个月，村里打算在磨坊旁边搭一间烤房，让来玩的孩子亲手做一个馒头带回家。",
)


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file of tests/cases, one a line."""
    path = Path(__file__).parents[1] / "cases" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def article(case: dict[str, Any]) -> Article:
    """The article of a case's page: `title` and `meta` of its head; `h1`, its heading; `above` and `head` round that;
    `first`, `last` and `foot` round the paragraphs; `below` all that."""
    part = (
        dict.fromkeys(("meta", "above", "head", "first", "last", "foot", "below"), "")
        | {"h1": f"<h1>{TITLE}</h1>"}
        | case
    )
    paragraphs = "".join(f"<p>{text}</p>" for text in BODY[:2])
    page = (
        f"<html><head><meta charset=utf-8><title>{part.get('title', TITLE)}</title>{part['meta']}</head><body>"
        f"{part['above']}{part['h1']}{part['head']}<div class=zw><p>{part['first']}{BODY[0]}</p>{paragraphs}"
        f"<p>{BODY[2]}{part['last']}</p>{part['foot']}</div>{part['below']}</body></html>"
    )
    at = datetime.fromisoformat(case["captured"]) if "captured" in case else None
    (found,) = extract_page(page.encode(), url=part.get("url", URL), captured_at=at).articles
    return found
