"""The day of publication: printed in the header, else at the foot, else declared, else in the address."""

from __future__ import annotations

import re
from datetime import date

from pipeline.extract.dates import FoundDay, day_in_url, find_day, machine_day
from pipeline.extract.declared import Declared
from pipeline.extract.printed import Printed
from pipeline.extract.variants import either_script

META_DAYS = (
    "article:published_time",
    "pubdate",
    "publishdate",
    "datepublished",
    "og:release_date",
    "publish-date",
    "publish_date",
    "publishtime",
    "publish_time",
    "firstpublishedtime",
    "og:published_time",
    "weibo: article:create_at",
    "weibo:article:create_at",
    "apub:time",
    "bytedance:published_time",
    "datecreated",
    "contentdate",
    "publication_date",
    "release_date",
    "date",
    "dc.date",
    "dc.date.issued",
    "parsely-pub-date",
    "dateupdate",
)
SCRIPT_DAYS = (
    "ct",
    "publish_time",
    "oriCreateTime",
    "create_time",
    "pubdate",
    "publishTime",
    "pubTime",
    "publish_date",
    "publishDate",
)
TODAY = either_script(r"今天是|现在是|現在是|今日是|欢迎您|歡迎您|北京时间：")
"""A line that shows the visitor the present day."""

LATER = either_script(r"更新|修改|编辑于|編輯於|最新推荐|最後|最后|updated|modified|上次", re.I)
POSTED = either_script(
    r"posted @|发表于|发布于|發表於|發佈於|发布日期|發布日期|发布时间|發布時間|发稿时间", re.I
)
DAY_WORD = either_script(r"发布|發布|发表|發表|时间|時間|日期|录入|報導|报道")
"""A line with such a word and a day below a heading is the header of an article."""


def find_published(
    printed: Printed, declared: Declared, url: str
) -> tuple[date | None, str | None, str | None]:
    """(day, raw string, provenance); no day is better than one out of the text or a teaser, so neither is searched."""
    for lines in (printed.head, printed.above[::-1]):
        candidates = [
            (LATER.search(line) is not None, i, f)
            for i, line in enumerate(lines)
            if (f := _printed_day(line))
        ]
        if candidates:
            found = min(candidates, key=lambda c: c[:2])[2]
            return found.day, found.raw, "printed"
    for line in printed.foot:
        if POSTED.search(line) and (found_below := find_day(line)):
            return found_below.day, found_below.raw, "printed"
    declarations = (
        *((f"meta:{name}", declared.meta.get(name)) for name in META_DAYS),
        *(("json-ld", declared.ld.get(key)) for key in ("datePublished", "pubDate")),
        *((f"script:{key}", declared.script.get(key)) for key in SCRIPT_DAYS),
    )
    for origin, value in declarations:
        if value and (day := machine_day(value)):
            return day, value, origin
    in_url = day_in_url(url)
    return (in_url.day, in_url.raw, "url") if in_url else (None, None, None)


def _printed_day(line: str) -> FoundDay | None:
    return None if TODAY.search(line) else find_day(line)
