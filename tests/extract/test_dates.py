"""Days as pages print them, and strings that are no day of publication."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.dates import day_in_url, days_in, find_day, machine_day, parted_day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-13 08:49", date(2024, 5, 13)),
        ("2024/5/3", date(2024, 5, 3)),
        ("2019·03·11", date(2019, 3, 11)),
        ("2019—03—11 08:05", date(2019, 3, 11)),
        ("发布 2019–3–11", date(2019, 3, 11)),
        ("20190311", date(2019, 3, 11)),
        ("发布时间：20190311 阅读 12", date(2019, 3, 11)),
        ("公告日期:20190311", date(2019, 3, 11)),
        ("编号 20190311", None),
        ("20190311001", None),
        ("3/11/2019 8:05:00 AM", date(2019, 3, 11)),
        ("12/1/2019 11:59:59 PM", date(2019, 12, 1)),
        ("3/11/2019 8:05", date(2019, 11, 3)),
        ("2020.03.01 10:10:00", date(2020, 3, 1)),
        ("2016年05月25日10:10 示例财经", date(2016, 5, 25)),
        ("2016 年 5 月 25 日", date(2016, 5, 25)),
        ("2023\x1f05\x1f/\x1f06\x1f10:20:30", date(2023, 5, 6)),
        ("03月25日, 2020　記者 / 林某某", date(2020, 3, 25)),
        ("三月 29, 2020", date(2020, 3, 29)),
        ("Dec\x1f28\x1fSat\x1f2013\x1f00:28", date(2013, 12, 28)),
        ("28 Dec 2013", date(2013, 12, 28)),
        ("民國112年5月6日", date(2023, 5, 6)),
        ("二〇二三年五月十六日", date(2023, 5, 16)),
        ("二○二三年十二月三十一日", date(2023, 12, 31)),
        ("发布时间：18-03-08 23:16", date(2018, 3, 8)),
        ("2023-02-30 2023-03-01", date(2023, 3, 1)),
        ("三月 29th 2020", date(2020, 3, 29)),
        ("十一月 6th, 2009", date(2009, 11, 6)),
        ("6 十一月, 2009", date(2009, 11, 6)),
        ("06 11月 2009", date(2009, 11, 6)),
        ("11月 6th, 2009", date(2009, 11, 6)),
        ("2009年十一月6日", date(2009, 11, 6)),
        ("2009 年 十一月二十六日", date(2009, 11, 26)),
        ("Wed Jul 22 03:39:49 1998", date(1998, 7, 22)),
        ("Mon Jan  3 11:09:59 CST 2020", date(2020, 1, 3)),
        ("6th November 2009", date(2009, 11, 6)),
        ("22-Jul-1998", date(1998, 7, 22)),
        ("民國113/05/02", date(2024, 5, 2)),
        ("中華民國一一三年五月二日", date(2024, 5, 2)),
        ("中華民國一百一十三年十二月二十日", date(2024, 12, 20)),
        ("民国一百年一月一日", date(2011, 1, 1)),
        ("發布日期：113.05.02", date(2024, 5, 2)),
        ("113/05/02 10:00", date(2024, 5, 2)),
        ("２０２４年５月１３日", date(2024, 5, 13)),
        ("版本 113/05/02", None),
        ("113-05-02 号", None),
        ("民國一一三年", None),
        ("十三月 6th, 2009", None),
        ("3小时前", None),
        ("05-06 10:00", None),
        ("电话 010-2023-0506", None),
        ("1890年5月6日", None),
        ("版本 2.0.2023.5", None),
        ("9999-12-31", None),
    ],
)
def test_printed_day(text: str, day: date | None) -> None:
    found = find_day(text)
    assert (found.day if found else None) == day


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2020-03-24T20:00:00+00:00", date(2020, 3, 25)),
        ("2020-03-24T20:00:00Z", date(2020, 3, 25)),
        ("2020-03-24T20:00:00+08:00", date(2020, 3, 24)),
        ("2018-09-16T15:31:57&#x2B;08:00", date(2018, 9, 16)),
        ("2020-03-24T20:00:00", date(2020, 3, 24)),
        ("1683352800", date(2023, 5, 6)),
        ("1683352800000", date(2023, 5, 6)),
        ("20230506", date(2023, 5, 6)),
        ("2007-08-20-23:59:59", date(2007, 8, 20)),
        ("20240513084900", date(2024, 5, 13)),
        ("202405130849", date(2024, 5, 13)),
        ("202405131", None),
        ("Wed, 22 Jul 1998 20:39:49 GMT", date(1998, 7, 23)),
        ("Wed, 99 Jul 1998 20:39:49 GMT", None),
        ("soon", None),
        ("2020-13-24T20:00:00Z", None),
    ],
)
def test_declared_day_is_a_day_in_china(value: str, day: date | None) -> None:
    assert machine_day(value) == day


def test_day_in_an_address() -> None:
    found = day_in_url("https://news.example.cn/gj/202405/t20240520_15263156.htm")
    assert found is not None
    assert (found.day, found.raw) == (date(2024, 5, 20), "t20240520")
    assert day_in_url("https://news.example.cn/x20240520_1.htm") is None
    found = day_in_url("https://news.example.cn/2024-05/13/content_37319243.htm")
    assert found is not None
    assert found.day == date(2024, 5, 13)
    assert day_in_url("https://example.cn/20241399/1.html") is None


@pytest.mark.parametrize(
    "texts",
    [
        ("06", "2009-11"),
        ("06", "2009年11月"),
        ("2009.11", "06"),
        ("11-06", "2009"),
        ("2009", "11/06"),
        ("06日", "11月", "2009年"),
        ("2009", "十一月", "06"),
        ("2009年", "十一月", "6日"),
        ("06\x1f2009-11",),
    ],
)
def test_a_day_in_parts(texts: tuple[str, ...]) -> None:
    found = parted_day(texts)
    assert found is not None
    assert found.day == date(2009, 11, 6)


@pytest.mark.parametrize(
    "texts", [("06", "2009"), ("第06", "2009-11"), ("31", "2009-11"), ("06", "2009-11", "3")]
)
def test_parts_that_are_no_day(texts: tuple[str, ...]) -> None:
    assert parted_day(texts) is None


def test_the_days_of_a_line_in_order() -> None:
    found = list(days_in("发布 2024-05-13，更新 2024年5月15日 2024-05-16 2024-05-17 2024-05-18"))
    assert [day.day.day for day in found] == [13, 15, 16, 17]
    assert [day.raw for day in found][:2] == ["2024-05-13", "2024年5月15"]
    assert [(day.start, day.end) for day in found][:2] == [(3, 13), (17, 26)]


@given(
    st.dates(date(1994, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d", "%Y.%m.%d"]),
)
def test_every_day_is_read_back(day: date, form: str) -> None:
    found = find_day(day.strftime(form) + " 10:00")
    assert found is not None
    assert found.day == day


@pytest.mark.parametrize("text", ["ſep 6, 2026", "6 ſep 2026", "Sun ſep 6 10:00:00 2026"])
def test_a_month_is_known_by_every_letter_that_its_pattern_takes_for_an_s(text: str) -> None:
    found = find_day(text)
    assert found is not None
    assert found.day == date(2026, 9, 6)


@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    find_day(text)
    machine_day(text)
