"""What a body is, and whether it looks cut."""

from __future__ import annotations

import pytest

from pipeline.web.media import is_html, lacks_end, without_spans


@pytest.mark.parametrize(
    ("body", "content_type", "html"),
    [
        (b"<html>", "text/html", True),
        (b"plain words", "text/html; charset=gbk", True),
        (b"<!DOCTYPE html>", "", True),
        (b"\xef\xbb\xbf\n<div>x", "application/octet-stream", True),
        (b"<p>x", "text/plain", True),
        (b"plain words", "text/plain", False),
        (b"plain words", "", False),
        (b"%PDF-1.4", "text/html", False),
        (b"\x89PNG\r\n", "text/html", False),
        (bytes(100), "text/html", False),
        ("<html>河</html>".encode("utf-16"), "text/html", True),
        (b"<rss><title>x</title></rss>", "text/xml", False),
        (b'<?xml version="1.0"?><html xmlns="x">', "application/xhtml+xml", True),
        (b"<p>x", "image/png", False),
        (b"<p>x", "application/json", False),
    ],
)
def test_bytes_count_before_the_label(body: bytes, content_type: str, html: bool) -> None:
    assert is_html(body, content_type) is html


def test_a_page_without_its_end_looks_cut() -> None:
    assert lacks_end(b"<html><body><p>words")
    assert not lacks_end(b"<html></HTML>\n<!-- cache 0.1 s -->")


@pytest.mark.parametrize(
    ("text", "left"),
    [("a<!--b-->c<!--d-->e", "ace"), ("a<!--b", "a"), ("a-->b", "a-->b"), ("", ""), ("a<!--<!--b-->c", "ac")],
)
def test_spans_are_taken_out(text: str, left: str) -> None:
    assert without_spans(text, "<!--", "-->") == left
