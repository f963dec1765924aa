"""Rows for the tests of the corpus room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.corpus.identity import document_id, short_hash
from pipeline.records import Document

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def row(number: int, **changes: Any) -> Document:
    """A published row; `number` decides id, URL, capture, time and text."""
    url = f"https://example.cn/a/{number}.html"
    moment = START + timedelta(minutes=number)
    text = changes.pop("text", f"第{number}篇文章的正文。" * 20)
    document: dict[str, Any] = {
        "id": document_id(url, 1),
        "capture": f"urn:uuid:{number:08d}",
        "source": "example",
        "url": url,
        "url_key": url,
        "site": "example.cn",
        "captured_at": moment,
        "first_seen": moment,
        "title": f"第{number}篇",
        "title_raw": f"第{number}篇",
        "text": text,
        "extracted": text,
        "text_hash": short_hash(text),
        "extracted_hash": short_hash(text),
        "han": len(text),
    }
    return Document(**{**document, **changes})
