"""What holds for every text: idempotence, no invented Han, protected spans, lines, linear time."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.normalize import FIXES, Fix, normalize, normalize_text
from pipeline.normalize.punctuation import DOUBLED_STOPS
from pipeline.normalize.script import simplify
from tests.normalize.composed import compose

PIECES = [
    *"中国人于於著乾隆说說了鬆徵瞭坏打の国ア한⺠祇覆",
    *"aAf129 ,.:;?!，。、；：？！“”‘’\"'（）()「」『』《》<>—–…·・•\n\t　&#@/%$=`[]【】１Ａ．﹐",
    *(
        "...",
        "……",
        "——",
        "--",
        "。。",
        "&nbsp;",
        "&amp;",
        "&lt;",
        "&#x4e2d;",
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<br>",
    ),
    *(
        "http://a.cn/b",
        "a@b.com",
        "10:30",
        "1,000",
        "3.14",
        "f(x)",
        "``",
        "''",
        "#中#",
        "@a",
        "www.",
        "http：//",
    ),
    *(
        "\u200b",
        "\u200d",
        "\ufe0f",
        "❤",
        "\ue000",
        "e\u0301",
        "於單",
        "由於",
        "著名",
        "面對著",
        "字",
        "(中)",
        "中 国 人 ",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


@settings(max_examples=600)
@given(TEXTS | st.text(max_size=30))
@example("中((")
@example("中</p></p>")
@example("...(中)")
@example("中』』")
@example("．。。中")
@example("中１@a,")
@example("收1,﹐234元")
@example("收1， ,，234元")
def test_idempotent(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once


@settings(max_examples=500)
@given(st.randoms(use_true_random=False))
def test_idempotent_on_composed_lines(rng: random.Random) -> None:
    once = normalize_text(compose(rng))
    assert normalize_text(once) == once


def test_idempotent_on_many_composed_lines() -> None:
    """The same without Hypothesis, which is slow to draw; a hundred thousand take a minute."""
    rng = random.Random(0)
    texts = (normalize_text(compose(rng)) for _ in range(20_000))
    assert [once for once in texts if normalize_text(once) != once] == []


@settings(max_examples=300)
@given(TEXTS | st.text(max_size=30))
def test_no_han_is_invented(text: str) -> None:
    plain = text.replace("&", "")  # a character reference is an image too, but not one this test can see
    images = set(plain) | set(simplify(plain)) | set("".join(simplify(character) for character in plain))
    written = normalize(plain)
    if "mojibake" in written.fixes:
        return
    folded = (
        images | {new for old in plain for new in normalize_text(old)} | set("了着只仿借苏于征干你它果台民复")
    )
    assert set(HAN.findall(written.text)) <= folded


@settings(max_examples=200)
@given(TEXTS.filter(lambda text: "<" not in text and "&" not in text))
def test_lines_are_kept_but_for_blank_ones(text: str) -> None:
    before = [line for line in re.split(r"[\n\r]", text) if normalize_text(line)]
    after = [line for line in normalize_text(text).split("\n") if line]
    assert len(after) == len(before)


@settings(max_examples=100)
@given(st.data())
@pytest.mark.parametrize("fix", [fix for fix in FIXES if fix.sought], ids=lambda fix: fix.name)
def test_a_fix_needs_the_characters_it_seeks(fix: Fix, data: st.DataObject) -> None:
    text = re.sub(f"[{fix.sought}]", "", data.draw(TEXTS))
    if fix.on == "line":
        text = text.replace("\n", "")
    if not any(doubled in text for doubled in DOUBLED_STOPS):
        assert fix.function(text) == text


def test_only_compose_may_change_any_character() -> None:
    assert [fix.name for fix in FIXES if not fix.sought] == ["compose"]


SPANS = [
    "https://example.com/a,b;c?d=1...2&e=(x)",
    "http://example.com/臺灣/於單",
    "first.last@example.com",
    "192.168.0.1:8080",
    "3.14",
    "1,234.56",
    "10:30:15",
    "v2.14.0",
    "`a, b.c`",
    "@user_name",
    "10.1000/xyz.12",
    "/usr/local/bin",
    'print("a, b")',
]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("frame", ["见{}，好", "見{} ,於是", "“{}”是", "({}) 說", "{}。", "說：{}\n{}"])
def test_spans_are_unchanged(span: str, frame: str) -> None:
    assert span in normalize_text(frame.replace("{}", span))


REPEATED = [
    *"a1 ,.:;?!()\"'“”‘「『《<>&#@/\\-—…·，。中於著妳乾の\n\t=[{~%`１．：\u200b\ue000\u00a0浣ä",
    *(
        "a ",
        "a.",
        "1,",
        "中,",
        "中.",
        "中 ",
        "“中",
        "(中",
        '中"',
        "中'",
        "a(",
        'f("',
        "a@",
        "@a",
        "/a",
        "#中",
        "a\n",
        "中\n",
    ),
    *(
        "&nbsp;",
        "&amp;",
        "<b>",
        "</p>",
        "<!--",
        "``",
        "''",
        "--",
        "...",
        "。。",
        "http://",
        "www.",
        'a="',
        "於單",
        "1：",
        "中l",
    ),
    *("【【", "】】", "由於", "覆制", "❤\ufe0f", "\u200d", "a-", "<a ", "中<"),
]


@pytest.mark.parametrize("unit", REPEATED)
def test_time_is_linear(unit: str) -> None:
    """200,000 characters of anything repeated: the goal is 1,000,000 in 2 s; quadratic would take minutes."""
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    normalize(text)
    assert time.process_time() - started < 4
