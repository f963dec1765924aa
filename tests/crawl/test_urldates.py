"""Days in addresses: what they say, and that it is learned whether they say when something was published."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.crawl.urldates import UrlDates

DAY = date(2020, 1, 2)


@pytest.mark.parametrize(
    ("path", "days"),
    [
        ("2020/01/02/a.html", (DAY, DAY)),
        ("2020-1-2/a.html", (DAY, DAY)),
        ("a/2020-01/02/c_7.html", (DAY, DAY)),
        ("a/202001/02/t7.html", (DAY, DAY)),
        ("n1/2020/0102/c1-7.html", (DAY, DAY)),
        ("zw/202001/t20200102_7.html", (DAY, DAY)),
        ("a?d=20200102", (DAY, DAY)),
        ("a/202001/7.html", (date(2020, 1, 1), date(2020, 1, 31))),
        ("2020/02/7.html", (date(2020, 2, 1), date(2020, 2, 29))),
        ("a/20201302.html", None),
        ("a/20200102123456.html", None),
        ("20/0102/09/X.html", None),
        ("a/1202001022.html", None),
        ("a/7.html", None),
    ],
)
def test_what_an_address_says_before_anything_is_known(path: str, days: tuple[date, date] | None) -> None:
    assert UrlDates().of(f"https://news.example.cn/{path}") == days


def test_the_host_says_nothing() -> None:
    assert UrlDates().of("https://2020-01-02.example.cn/a.html") is None


def test_a_form_that_is_wrong_on_a_site_is_believed_there_no_more() -> None:
    dates = UrlDates()
    for number in range(3):
        dates.learn(f"https://topic.example.cn/2020/01/02/{number}.html", date(2024, 5, 6))
    assert dates.of("https://topic.example.cn/2020/01/02/9.html") is None
    assert dates.of("https://other.example.cn/2020/01/02/9.html") == (DAY, DAY)


def test_a_form_that_is_right_on_a_site_is_believed_there() -> None:
    dates = UrlDates()
    for day in (4, 5, 6):
        dates.learn(f"https://news.example.cn/{20}/01{day:02}/09/A{day}.html", date(2020, 1, day))
        dates.learn(f"https://news.example.cn/202001{day:02}1234567.html", date(2020, 1, day))
    assert dates.of("https://news.example.cn/20/0102/09/X.html") == (DAY, DAY)
    assert dates.of("https://news.example.cn/20200102999.html") == (DAY, DAY)


def test_a_day_before_or_after_is_right_and_one_wrong_page_in_twenty_does_no_harm() -> None:
    dates = UrlDates()
    for number in range(20):
        dates.learn(f"https://news.example.cn/2020/01/02/{number}.html", date(2020, 1, 1 + number % 3))
    dates.learn("https://news.example.cn/2020/01/02/x.html", date(2024, 1, 1))
    assert dates.of("https://news.example.cn/2020/01/02/9.html") == (DAY, DAY)
