"""Names of authors and sources out of printed lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.byline import (
    agency,
    author_in,
    closing_author,
    source_in,
)
from pipeline.extract.dateline import dateline_author
from pipeline.extract.names import GAP, is_personal_name, names_of


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("来源：城北晚报", "城北晚报"),
        ("2023-05-06 10:00　来源：示例网 作者：张三", "示例网"),
        (f"来源：{GAP}示例日报{GAP}2023-05-06 08:49", "示例日报"),
        (f"发表于{GAP}2014-08-24{GAP}|来源{GAP}示例站{GAP}|{GAP}0{GAP}条评论", "示例站"),
        ("来源：示例网-《示例日报》", "示例网-《示例日报》"),
        ("稿源：《示例周刊》", "《示例周刊》"),
        ("信息来源：市民政局　浏览次数：321", "市民政局"),
        ("文章来源：今日港口臉書", "今日港口臉書"),
        ("转自：China Daily", "China Daily"),
        ("图片来源：视觉中国", None),
        ("来源：", None),
        ("来源：2023-05-06", None),
        ("他谈到了资金的来源，语气平静。", None),
    ],
)
def test_source(line: str, source: str | None) -> None:
    assert source_in(line) == source


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("作者：李白云", "李白云"),
        ("作者：张三、李四 编辑：王五", "张三、李四"),
        (f"作者{GAP}港口傳媒{GAP}發表時間{GAP}2020-03-25", "港口傳媒"),
        ("文/栗某某", "栗某某"),
        ("撰文｜周明 吴丽", "周明、吴丽"),
        ("记者：本报记者 张三", "张三"),
        ("作者：", None),
        ("作者在书中写道，那是一个秋天。", None),
    ],
)
def test_author_label(line: str, author: str | None) -> None:
    assert author_in(line) == author


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("记者林恩如／台北報導".replace("记", "記"), "林恩如"),
        ("〔記者巫其倫／台北報導〕財政部今天下午將公佈發票中獎清冊", "巫其倫"),
        ("新华社北京5月19日电（刘艺、杨吉）专家介绍", "刘艺、杨吉"),
        ("示例新网北京5月6日电 (记者 冯立)", "冯立"),
        ("（中央社記者王小明基隆6日電）港口的清晨", "王小明"),
        ("澎湃新闻记者 贺某萍".replace("某", "梨"), "贺梨萍"),
        ("上報快訊／范姜佳鈺", "范姜佳鈺"),
        ("执笔/叨叨姐、胡一刀", "叨叨姐、胡一刀"),
        ("记者从市教育局获悉，今年秋季将新增小学。", None),
        ("一名记者（右）正在采访。", None),
    ],
)
def test_dateline(line: str, author: str | None) -> None:
    assert dateline_author(line) == author


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("共同把蛋糕做大。（钟才文）", "钟才文"),
        ("文章到此为止。(文/图 刘玺东 易赛楠)", "刘玺东、易赛楠"),
        ("文章到此为止。（完）", None),
        ("文章到此为止。（资料照）", None),
        ("文章到此为止。（编辑：严玉洁 王辉）", None),
        ("他赢得了比赛（全国锦标赛）", None),
    ],
)
def test_closing_brackets(line: str, author: str | None) -> None:
    assert closing_author(line) == author


def test_names_and_agencies() -> None:
    assert names_of("上報快訊／蘇敬哲") == ["蘇敬哲"]
    assert names_of("本报记者 赵明远 钱小川") == ["赵明远", "钱小川"]
    assert names_of("这是一个很长的句子，它不是任何人的名字。") == []
    assert is_personal_name("欧阳小雨")
    assert not is_personal_name("新华社")
    assert not is_personal_name("资料")
    assert agency("〔中央社〕美股今天出現最慘烈的單日跌勢") == "中央社"
    assert agency("新华社北京3月1日电（记者唐某）今天") == "新华社"
    assert agency("新华社的大楼今天停电了。") is None


@given(st.text(max_size=120))
def test_any_line_is_answered(line: str) -> None:
    source_in(line)
    author_in(line)
    dateline_author(line)
    closing_author(line)
    agency(line)
