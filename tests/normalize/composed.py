"""Lines like those of real pages, put together at random: prose with marks, numbers, Latin, code and lists in it."""

from __future__ import annotations

import random


def _pieces(words: str) -> list[str]:
    return words.split()


WORDS = _pieces(
    "他们 我 说 的 了 看着 望著 出現像 著名 由於 乾隆 乾淨 文徵明 徵收 後來 皇后 头发 頭髮 里面 這裡 系统 系統 苹果 "
    "蘋果 六月 北京 臺灣 公司 第三章 个 個 年 月 日 元 等 是 在 不 祇 瞭解 覆蓋 李昇 於是 妳好 只 字 行 和 与 中"
)
LATIN = _pieces(
    "AI c s iPhone15 Node.js C++ C# GPT-4 the and Windows it's don't U.S. etc. i-- f(x) main() x y1 PM2.5 km/h A B "
    "Ctrl+C e.g. Mr.Wang ５Ｇ ＡＰＰ é naïve α β"
)
NUMBERS = _pieces(
    '6 12 2024 3.14 1,000 10:30 3：1 １２：３０ 1，234 50% -5 ±2 6.1" 100㎡ 1/2 1-2 2020—2021 10~20 一、 二. ① 1.'
)
MARKS = _pieces(
    ", . : ; ? ! ， 。 、 ； ： ？ ！ … ... 。。。 —— -- — – - · • ~ / ／ | ＋ + = & # @ * % ( ) （ ） [ ] "
    "【 】 < > 《 》"
)
QUOTES = _pieces("\" ' “ ” ‘ ’ 「 」 『 』 `` '' << >> 〝 〞 `")
ODD = [
    "\u3000",
    "\xa0",
    "\t",
    "  ",
    "\u200b",
    "\ufeff",
    "\xad",
    "&nbsp;",
    "&amp;",
    "&lt;",
    "&#x4e2d;",
    "\ue000",
    "⼈",
    "ﬁ",
    "﹐",
]
SHIELDED = [
    *_pieces(
        "https://a.cn/b?c=1,2 www.a.com a@b.com /usr/lib/x [说明](https://a.b/c) ![图](a.png)"
        " $x_1,y$ \\(a,b\\) [0,1)"
    ),
    *_pieces(
        ';-) :P @abc #话题# --help C:\\a\\b a="b" (かな) (hàn) ÖÐÎÄ 锛屼 カタカナ ひらがな 한국 <b> </b> <br> <p>'
    ),
    *("`a, b`", "ä¸\xadæ–‡", "a)", "b)", "1)", "2."),
]
STARTS = [
    *(
        "",
        "",
        "",
        "6 ",
        "1. ",
        "1.",
        "a) ",
        "- ",
        "* ",
        "# ",
        "> ",
        "　　",
        "    ",
        "\t",
        "（一）",
        "(1)",
        "1 ",
        "2.1 ",
    ),
    *("title: ", "“", '"', "——"),
]
BLOCKS = [
    "```\na = '甲,乙'  # 说 `x\n```",
    "~~~\n代 码,好\n~~~",
    '    def f(a):\n        return "甲,乙"',
    '{"名称": "值,二"}',
    "a: 甲,乙\nb: 丙",
    "<pre>a  甲,乙</pre>",
    "",
    "```",
    "中 国 人 民",
    "P.S. 你好, the word is fine.",
]
KINDS = {10: WORDS, 2: LATIN, 2.1: NUMBERS, 5: MARKS, 2.2: QUOTES, 0.5: ODD, 1: SHIELDED}
"""How often a kind is drawn, and its pieces."""


def compose(rng: random.Random) -> str:
    """A text of one to three lines or blocks."""
    return "\n".join(
        _line(rng) if rng.random() < 0.85 else rng.choice(BLOCKS) for _ in range(rng.choice([1, 1, 1, 2, 3]))
    )


def _line(rng: random.Random) -> str:
    gap = rng.choice([0.05, 0.1, 0.4])
    kinds = rng.choices(list(KINDS.values()), list(KINDS), k=rng.randint(1, 12))
    return rng.choice(STARTS) + "".join(
        rng.choice(kind) + (" " if rng.random() < gap else "") for kind in kinds
    )
