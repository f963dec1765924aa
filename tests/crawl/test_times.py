"""Times as feeds and sitemaps write them: each form once, and what is in none of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.times import MAX_LENGTH, parse_time
from tests.timing import TIME_LIMIT

EIGHT_IN_CHINA = (
    "2026年6月1日 08:00",
    "2026年06月01日 星期一 上午8:00",
    "2026 年 6 月 1 日（星期一）8时",
    "2026年6月1日8点00分",
    "２０２６年６月１日　０８：００",
    "2026/6/1 8:00",
    "2026.06.01 08:00:00",
    "2026-6-1 8:00 AM",
    "2026-06-01 08:00:00",
    "2026-06-01 08:00:00 +0800",
    "2026-06-01 08:00:00 CST",
    "2026-06-01T00:00:00Z",
    "2026-06-01T08:00:00+08:00",
    "Mon, 01 Jun 2026 08:00:00 +0800",
    "Mon, 01 Jun 2026 08:00:00 CST",
    "Mon, 01 Jun 2026 08:00:00",
    "Mon, 01 Jun 2026 00:00:00 GMT",
    "Mon, 01 Jun 2026 00:00:00 -0000",
    "Sun, 31 May 2026 20:00:00 EDT",
    "Mon, 1 Jun 2026 00:00:00 +0000 (UTC)",
    "星期一, 01 六月 2026 08:00:00 +0800",
    "Mon Jun 01 08:00:00 CST 2026",
    "Mon Jun 01 08:00:00 GMT+08:00 2026",
    "Mon Jun  1 08:00:00 2026",
)


@pytest.mark.parametrize("text", EIGHT_IN_CHINA)
def test_a_time_is_read(text: str) -> None:
    at = parse_time(text)
    assert at is not None
    assert at.isoformat() == "2026-06-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026年6月1日", "2026-05-31T16:00:00+00:00"),
        ("2026-06-01", "2026-05-31T16:00:00+00:00"),
        ("2026年6月1日 下午3:05", "2026-06-01T07:05:00+00:00"),
        ("2026年6月1日 凌晨12:05", "2026-05-31T16:05:00+00:00"),
        ("2026年12月31日 晚上11:30", "2026-12-31T15:30:00+00:00"),
    ],
)
def test_halves_of_the_day_and_bare_days(text: str, at: str) -> None:
    found = parse_time(text)
    assert found is not None
    assert found.isoformat() == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "刚刚",
        "3小时前",
        "昨天 08:00",
        "2026年13月1日",
        "6/1/2026 8:00",
        "Mon, 01 Jun 2026 8:00 PM",
        "0001-01-01",
        "9999-12-31T23:59:59-12:00",
        "1780272000",
    ],
)
def test_what_is_in_no_form_is_none(text: str) -> None:
    assert parse_time(text) is None


@given(st.text(max_size=MAX_LENGTH + 5) | st.from_regex(r"[0-9年月日:+\- ]{0,40}"))
def test_no_text_raises(text: str) -> None:
    at = parse_time(text)
    assert at is None or at.utcoffset() is not None


def test_hostile_repetition_takes_no_time() -> None:
    started = time.process_time()
    for unit in ("2026年1月", "周一", " 1", "1:", "十月"):
        parse_time((unit * 80)[:MAX_LENGTH])
    assert time.process_time() - started < TIME_LIMIT
