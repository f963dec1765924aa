"""Lines below the last sentence of a body: the page's, unless they are signed, labelled or of a list."""

from __future__ import annotations

import pytest

from pipeline.extract import extract_page

TITLE = "老码头的春天来得早"
TEXT = [
    "沂河两岸的柳树一夜之间绿了，今年的春天比往年早了十来天。",
    "上午九点，河堤上已经有不少散步的人，几位老人支起了画架。",
    "“我画了它三十年，每年都不一样。”退休教师方明德说。",
    "傍晚，最后一班渡船靠岸，船工把缆绳绕了三圈。",
]


def body_of(lines: list[str], last: str = "") -> list[str]:
    html = f"<title>{TITLE}</title><h1>{TITLE}</h1><div>" + "".join(f"<p>{line}</p>" for line in lines) + last
    page = extract_page(f"{html}</div>".encode(), url="https://news.example/1.html")
    return page.articles[0].extracted.split("\n")


@pytest.mark.parametrize(
    "lines",
    [
        ["河边的人自己的园地"],
        ["一句谁也不认识的话", "第二句谁也不认识的话"],
        ["旧戏台修好了"],
    ],
)
def test_short_lines_without_a_mark_below_sentences_go(lines: list[str]) -> None:
    assert body_of(TEXT + lines) == TEXT


@pytest.mark.parametrize(
    "lines",
    [
        ["柳河县老码头管理处", "2021年3月1日"],
        ["附件：老码头开放时间"],
        ["集合地点：老码头售票处"],
        ["愿你也有这样一条河，慢慢地流"],
        ["He never came back"],
        ["这一行没有句号但是它比广告和按钮都要长得多看得出来是文章自己的最后一句话只是作者忘了加上标点符号"],
    ],
)
def test_what_is_signed_labelled_long_or_goes_on_stays(lines: list[str]) -> None:
    assert body_of(TEXT + lines) == TEXT + lines


@pytest.mark.parametrize(
    ("last", "lines"),
    [
        ("<ul><li>带好船票</li><li>看管好孩子</li></ul>", ["带好船票", "看管好孩子"]),
        (
            "<table><tr><td>周一</td><td>停航</td></tr><tr><td>周二</td><td>开航</td></tr></table>",
            ["周一 | 停航", "周二 | 开航"],
        ),
        ("<pre>sudo reboot</pre>", ["sudo reboot"]),
    ],
)
def test_lists_tables_and_code_need_no_mark(last: str, lines: list[str]) -> None:
    assert body_of(TEXT, last) == TEXT + lines


def test_a_letter_ends_with_who_wrote_it() -> None:
    lines = ["各位街坊：", *TEXT[:3], "请互相转告。", "老码头书店"]
    assert body_of(lines) == lines


def test_verses_and_notes_have_no_marks_at_all() -> None:
    lines = [TEXT[0], "柳树绿了", "桃花红了", "船还没有来", "我还在等"]
    assert body_of(lines) == lines


def test_a_line_behind_a_dash_is_who_wrote_it_and_when() -> None:
    assert body_of([*TEXT, "——写于船工七十岁生日"]) == [*TEXT, "——写于船工七十岁生日"]


def test_a_comma_in_a_title_keeps_no_list_of_titles() -> None:
    titles = ["老汽车站拆了，候车椅被搬进了茶馆", "街谈 4天前", "他用废轮胎做了一座滑梯"]
    assert body_of(TEXT + titles) == TEXT


def test_headings_count_for_no_share_of_the_lines_with_a_mark() -> None:
    html = "".join(f"<h3>第{n}段渡口</h3><p>{line}</p>" for n, line in enumerate(TEXT, 1))
    page = extract_page(
        f"<title>{TITLE}</title><h1>{TITLE}</h1><div>{html}<p>沂河小课堂</p></div>".encode(),
        url="https://news.example/1.html",
    )
    assert page.articles[0].extracted.split("\n")[-1] == TEXT[-1]
