"""Articles out of feeds: each form is read, nothing hostile raises, and a text only gets longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import extract_page
from pipeline.extract.feeditems import MAX_TAGS, Item, completed, items_of, wants_feed
from tests.extract.test_access import LAST, TEXT

URL = "https://a.example/1"
LINES = (*TEXT, LAST)


def page_of(lines: int, notice: str) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in LINES[:lines])
    return f"<title>小镇的桥</title><h1>小镇的桥</h1><div class=article>{body}<p>{notice}</p></div>".encode()


@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from(["剩余70%内容需付费阅读", "登录后阅读全文", "打开App阅读全文", ""]),
)
def test_a_text_only_gets_longer(shown: int, printed: int, notice: str) -> None:
    page = extract_page(page_of(shown, notice), url=URL)
    item = Item(link=URL, html="".join(f"<p>{line}</p>" for line in LINES[:printed]), title="小镇的桥")
    found = completed(page, item, URL)
    own = page.articles[0].extracted if page.articles else ""
    assert (found is not None) == (printed > 0 and len("\n".join(LINES[:printed])) > len(own))
    if found is not None:
        assert found.articles[0].extracted.split("\n") == list(LINES[:printed])
        assert found.articles[0].method == "feed"
        assert found.access == page.access


def test_only_a_page_that_keeps_its_article_wants_a_feed() -> None:
    told = {
        notice: wants_feed(extract_page(page_of(3, notice), url=URL))
        for notice in ("", "登录后阅读全文", "展开全文")
    }
    assert told == {"": False, "登录后阅读全文": True, "展开全文": False}
    assert wants_feed(None, "blocked")
    assert not wants_feed(None, "http_error")


@given(st.binary(max_size=400))
def test_no_bytes_raise(body: bytes) -> None:
    for start in (
        b"",
        b"<rss><item>",
        b'{"items": [',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>',
    ):
        list(items_of(start + body))


def test_tags_in_cdata_do_not_count_and_others_do() -> None:
    text = "<p>一</p>" * MAX_TAGS
    item = f"<item><link>{URL}</link><content:encoded><![CDATA[{text}]]></content:encoded></item>"
    head = '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    assert [len(found.html) for found in items_of(f"{head}{item}</channel></rss>".encode())] == [len(text)]
    assert list(items_of(f"{head}{'<a/>' * MAX_TAGS}{item}</channel></rss>".encode())) == []
