"""Keep a tiny version as the present code writes it, for `test_old_versions.py`: `python -m tests.corpus.keep_version`.

When: in the commit after one that gave a row a column, a record in it a field, or SCHEMA_VERSION a number, so that the
archive holds what was published under that schema. Of a commit of long ago: check it out beside, copy this file there,
run it there, and copy the archive back. A field that is added to a record of the rows needs a default, which is what an
earlier version's rows say of it. An archive is never changed once it is kept.
"""

from __future__ import annotations

import tarfile
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.archive.warc import sha1
from pipeline.corpus.build import build
from pipeline.corpus.identity import document_id
from pipeline.corpus.schema import SCHEMA, SCHEMA_VERSION, parts
from pipeline.corrections import Correction
from pipeline.records import Capture, Source
from tests.corpus.archives import START, failed_page, job, story_page, write

VERSIONS = Path(__file__).parent / "versions"

RICH = "https://news.example/a/9.html"
"""A page whose row has something in every column that holds records."""

TITLE = "社区图书室本周六重新开放"
"""What a correction calls it; the page leaves out one word."""

SOURCE = Source(name="example", home="https://news.example/", mask=("email",))

_PAGE = """<html><head><meta charset=utf-8><title>社区图书室周六重新开放</title>
<meta name="robots" content="noimageai"></head><body><h1>社区图书室周六重新开放</h1>
<div class=info>2026-11-20 09:30　来源：示例晚报　作者：林小溪</div><div class=article>
<p>修缮了两个月的社区图书室将在本周六重新开放。新的书架比原来高出一层，靠窗的一排座位换成了长桌，孩子们可以围坐在一起看书。</p>
<h2>开放时间</h2>
<p>除周一闭馆整理以外，图书室每天上午九点开门，下午五点半关门。寒假期间延长到晚上八点，请大家带好借书证，排队入场。</p>
<ul><li>周二至周五：九点到五点半</li><li>周六和周日：九点到八点</li></ul>
<img src="/room.jpg" alt="图书室">
<p>想报名做志愿者的居民，可以把姓名和方便的时间写信寄到 library@news.example 。工作人员会在三天之内答复每一封来信。</p>
</div><div class=editor>责任编辑：周一帆</div></body></html>""".encode()


def captures() -> list[Capture]:
    """What a kept version is made of: two plain pages, a visit that failed, and a rich page."""
    rich = {"url": RICH, "url_key": RICH, "final_url": RICH, "body": _PAGE}
    late = START + timedelta(minutes=9)
    return [
        story_page(0),
        failed_page(1, "timeout"),
        story_page(2),
        story_page(3, fetched_at=late, **rich),
    ]


def keep(into: Path = VERSIONS) -> Path:
    """Build the version and pack its archive and corpus; the file."""
    fields = sum(len(parts(column.type)) for column in SCHEMA)
    kept = into / f"schema-{SCHEMA_VERSION}-{len(SCHEMA)}-columns-{fields}-fields.tar.xz"
    if kept.exists():
        raise SystemExit(f"{kept} is kept already")
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "raw", captures())
        said = Correction(
            id=document_id(RICH, 1), file="kept.toml", line=1, why="a word", page=sha1(_PAGE), title=TITLE
        )
        build(job(folder, SOURCE, corrections=(said,)))
        with tarfile.open(kept, "w:xz") as packed:
            for each in ("raw", "clean"):
                packed.add(folder / each, each, filter=_nobody)
    return kept


def _nobody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = int(START.timestamp())
    return info


if __name__ == "__main__":
    print(keep())
