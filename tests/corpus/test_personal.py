"""Personal data masked on request: what proves itself and nothing else, in its place, and told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.corpus.personal import KINDS, MASK, mask, masked
from pipeline.corpus.read import documents
from pipeline.normalize import normalize
from pipeline.records import PERSONAL, Article, Source
from tests.corpus.archives import html, job, story_page, write

ALL = tuple(PERSONAL)


@pytest.mark.parametrize(
    ("kind", "text", "hidden"),
    [
        ("id-card", "身份证号11010519491231002X，请核对。", "11010519491231002X"),
        ("id-card", "身份证号１１０１０５１９４９１２３１００２Ｘ", "１１０１０５１９４９１２３１００２Ｘ"),
        ("bank-card", "卡号6222021234567890128。", "6222021234567890128"),
        ("bank-card", "卡号 6222 0212 3456 7890 128，户名王某", "6222 0212 3456 7890 128"),
        ("bank-card", "Visa 4111-1111-1111-1111", "4111-1111-1111-1111"),
        ("phone", "电话13812345678联系", "13812345678"),
        ("phone", "或拨139 1234 5678。", "139 1234 5678"),
        ("phone", "手机：１３８１２３４５６７８", "１３８１２３４５６７８"),
        ("phone", "+86 138-1234-5678", "+86 138-1234-5678"),
        ("phone", "台灣手機0912-345-678", "0912-345-678"),
        ("phone", "香港 +852 9123 4567", "+852 9123 4567"),
        ("email", "投稿请寄li.ming@mail.example.cn。", "li.ming@mail.example.cn"),
        ("email", "邮箱：liming＠example．cn", "liming＠example．cn"),
    ],
)
def test_it_is_masked_in_its_place(kind: str, text: str, hidden: str) -> None:
    done, (span,) = mask(text, ALL)
    assert done == text.replace(hidden, MASK * len(hidden))
    assert (text[span.start : span.end], span.kind, span.label) == (hidden, "masked", kind)
    assert mask(text, tuple(each for each in ALL if each != kind)) == (text, ())


def test_the_number_to_ask_for_leave_is_masked_too() -> None:
    article = masked(Article(extracted="正文。", reprint_terms="转载请先联系13812345678获得授权"), ALL)
    assert article.reprint_terms == f"转载请先联系{MASK * 11}获得授权"
    assert [flag.name for flag in article.flags] == ["masked"]


@pytest.mark.parametrize(
    "text",
    [
        "身份证号110105194912310021",  # another check digit
        "编号11010519491231002X5",
        "卡号6222021234567890127",
        "订单号20240513138123456789012",
        "造价13800000000元，预算13812345678美元",
        "座机010-88886666，热线400-820-8820、12345、110",
        "ISBN 978-7-302-12345-6，第1949-2024号",
        "圆周率3.14159265358979323846",
        "2024-05-13 13:04:05",
        "微博@南方周末，版本 v1.2@beta",
        "汉字里没有数字。",
        "",
    ],
)
def test_what_proves_nothing_stays(text: str) -> None:
    assert mask(text, ALL) == (text, ())


@given(st.text("0123456789 -@.aX１３８元，。\n", max_size=80))
def test_it_is_a_law(text: str) -> None:
    done, spans = mask(text, ALL)
    assert len(done) == len(text)
    assert mask(done, ALL)[0] == done
    kept = list(text)
    for span in spans:
        kept[span.start : span.end] = MASK * (span.end - span.start)
    assert "".join(kept) == done


def test_a_hostile_text_costs_little() -> None:
    for text in ("1" * 100_000, "1 " * 50_000, "a@" * 50_000, "a." * 50_000 + "@", "6222 " * 20_000):
        mask(text, ALL)


def test_normalization_leaves_it_where_it_is() -> None:
    text = f"联系人王某,电话{MASK * 11}。他说:{MASK * 18} 是他的号码"
    assert normalize(text).text.count(MASK) == 29


def test_every_kind_has_its_finder() -> None:
    assert set(KINDS) == set(PERSONAL)


def test_a_source_that_asks_for_it_publishes_nothing_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        "县里的老粮仓改成了图书馆，周末来看书的人比预想的多出一倍，管理员只好又添了两排桌椅。",
        "想当志愿者的读者请联系周女士，手机13812345678，邮箱zhou@library.example.cn，座机010-88886666。",
        "附近中学的学生放学后常到这里写作业，家长也放心，因为晚上八点以前都有志愿者在场照看。",
    ]
    page = story_page(0, body=html("老粮仓图书馆招志愿者13812345678", lines))
    write(tmp_path / "raw", [page])
    source = Source(name=page.source, home="https://news.example/", mask=("phone",))
    build(job(tmp_path))
    (open_row,) = documents(tmp_path / "clean")
    assert "13812345678" in open_row.text
    report = build(replace(job(tmp_path), sources=(source,)))
    assert report.extracted == 1, "the setting leads to the build it needs"
    (row,) = documents(tmp_path / "clean")
    said = json.dumps({k: str(getattr(row, k)) for k in type(row).__slots__}, ensure_ascii=False)
    assert "13812345678" not in said
    assert row.title == f"老粮仓图书馆招志愿者{MASK * 11}"
    assert "zhou@library.example.cn" in row.text
    assert "010-88886666" in row.text
    assert "masked" in {flag.name for flag in row.flags}
    assert main(["report", f"--clean={tmp_path / 'clean'}"]) == 0
    assert f"Personal data masked, {page.source}: in 1 articles." in capsys.readouterr().err
    (span,) = (each for each in row.structure if each.kind == "masked")
    assert row.text[span.start : span.end] == MASK * 11
