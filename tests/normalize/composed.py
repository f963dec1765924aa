"""Lines like those of real pages, put together at random: prose with marks, numbers, Latin, code and lists in it.

Either of pieces, or of whole lines of every kind that are cut, spliced, wrapped, misread and damaged.
"""

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
    '    用下面的命令, 安装.\n\n\n    # apt-get install x\n\n      * 移除（"a …" 或 “apt-get remove\n        …”）：',
    "青松 qing song\n白云 bai yun\n流水 liu shui\n明月 ming yue\n清风 qing feng",
    "┌────┐\n│ 名, 值 │\n└────┘",
    "国/n 的/u 山河/n ，/w 好/a  ，/w",
    '{"名称": "值,二"}',
    "a: 甲,乙\nb: 丙",
    "<pre>a  甲,乙</pre>",
    "",
    "```",
    "中 国 人 民",
    "P.S. 你好, the word is fine.",
]
LINES = {
    "news": [
        "市气象台3月5日10:30发布预警,预计降水量达50.5毫米(局部100毫米).",
        "据“晨报”报道：该公司2023年营收1,234.5万元,同比增长6%;净利润下降。",
        "记者 王小明 通讯员 李四 北京报道",
    ],
    "Traditional": [
        "他望著窗外,說:「這裡的餅乾乾淨嗎?」於是妳瞭解了。",
        "由於單位調整,乾隆年間的檯燈祇剩6 個。",
        "臺灣的軟體工程師發佈了『新版』(v2.0),現像很好。",
    ],
    "pseudo": ["大傢都說隻要註重方麵就好瞭,迴傢吧.", "阿裡雲的覆合材料,重覆瞭三遍。"],
    "code": [
        "    for name, 值 in pairs: print('甲,乙')",
        "        # 设置窗口 , 好",
        "x = {'名': \"值, 一\"}",
        "logger.info('对 %s 操作...')",
        'git commit --amend -m "修复, 好"',
    ],
    "Markdown": [
        "- [说明](https://a.b/c?x=1,2),见`a, b`(图1).",
        "  - 子项 :《书》 ,好",
        "### 2.9 写作 (一)",
        "| 名称 | 说明<br>二行 | `x` |",
        "> 引用 “好” ,是",
        "1. 第一 , 好\n   1) 第二.",
        "![图,一](./a.png)",
    ],
    "mojibake": ["ä½\xa0å¥½ï¼Œä¸–ç•Œ", "浣犲ソ锛屼笘鐣?", "ÄãºÃ£¬ÊÀ½ç", "他说锟斤拷,好", "Itâ€™s 好"],
    "JSON": ['{"标题": "你好,世界", "n": 1}', '返回{"code":0,"msg":"成功"},好', "可选 {'甲', '乙'} 之一."],
    "rows": ["名称\t数量\t单价", "苹果\t3\t1.5,好", "2015-08-27,000001,平安,79800.0", "a: 甲,乙", "名: 值"],
    "labels": [
        "a)选项 b)选项,好",
        "1.苹果 2.香蕉 3. 梨",
        "A. 北京 B. 上海",
        "(1)甲;(2)乙.",
        "①甲;②乙",
        "6 個。",
    ],
    "emoticons": ["好的;-)谢谢:P", "哈哈(^_^)~ ,走", "开心:) 再见 :smile: 啊", "(╯°□°)╯︵ ┻━┻ 好"],
    "wrapped": [
        '他说:"这件事很重要，我们必须',
        '认真对待。"然后「走了',
        '」，再说"好"。',
        "“第一段没有收尾。",
        "'好'字",
    ],
    "English": [
        'The word 道 (dao) means "the way", and it is old.',
        "She said '谢谢' and left, smiling.",
        "See [大学](http://a.b/) for the details, please;",
    ],
    "HTML": [
        "<p>甲</p><p class='x'>乙&nbsp;丙</p>",
        "锡膏<b>是</b>活性&lt;不足&gt;吗?<br/>好",
        '<a href="x">这里</a>,谢谢 <div> &amp;nbsp;',
        "</div>收尾,好",
    ],
    "damaged": [
        "周鸿t 当年说\ufffd\ufffd,好",
        "ＡＢＣ１２３，ｖ１．２",
        "⻓期、⻔⼾ ﹐甲",
        "字\u200b间\xad有\ue000物",
        "中 国 人 工 AI 智 能",
    ],
    "Japanese": ["続・友達の母親 中文・乙", "東京タワー(とうきょう)は高い,です."],
    "arrays": ['  "甲, 乙",', '  "丙: 丁"', '"城": [', "'春, 夏', '秋',", '参数["图, 链"]', "],"],
    "fields": ["靓妆 5 n", "青松 15 nr", "硝酸铵 22 nz", "藥", "叢", "@param {A} b 节点,好", "‘()[]’,好"],
    "letters": ["C 修改, 好", "E 完成.", "A 股大涨,好"],
    "drawn": ["+----+------+", "| 名 | 说, 明 |", "| 好。 | （乙） |"],
    "help": [
        "  -o FILE   输出文件, 见下",
        "--help  帮助 (长)",
        "用法: a [选项]...",
        "show    显示, 好",
        "hide     隐去",
    ],
    "emoji": [":tada: 新功能, 好", "* :bug:修复,完 :x: "],
    "log": ["2024-05-06 10:30:15 INFO 启动, 好", "sudo apt -y  # 装, 好", 'msgstr "你好, 世"'],
    "rst": [".. _目标 名: https://a.b", "增加 :code:`x` (中文), 用 :wq 退出.", ":param 名: 说明,好"],
}
"""Whole lines by what they are, the words our own."""
KINDS = {10: WORDS, 2: LATIN, 2.1: NUMBERS, 5: MARKS, 2.2: QUOTES, 0.5: ODD, 1: SHIELDED}
"""How often a kind is drawn, and its pieces."""
_SHARE_OF_LINES, _SHARE_OF_MISREAD = 0.6, 0.1


def compose(rng: random.Random) -> str:
    """A text of one to three lines or blocks of pieces, or of one to five whole lines."""
    if rng.random() < _SHARE_OF_LINES:
        return "\n".join(_real(rng) for _ in range(rng.choice([1, 2, 2, 3, 5])))
    return "\n".join(
        _line(rng) if rng.random() < 0.85 else rng.choice(BLOCKS) for _ in range(rng.choice([1, 1, 1, 2, 3]))
    )


def _real(rng: random.Random) -> str:
    """A whole line, as it is or changed in one way or two."""
    kind = rng.choice(list(LINES))
    line = rng.choice(LINES[kind])
    if kind == "mojibake":
        return line
    if rng.random() < _SHARE_OF_MISREAD:
        return _misread(line, rng)
    for _ in range(rng.choice([0, 1, 1, 2])):
        line = rng.choice(CHANGES)(line, rng)
    return line


def _whole(rng: random.Random) -> str:
    return rng.choice(LINES[rng.choice([kind for kind in LINES if kind != "mojibake"])])


def _cut(line: str, rng: random.Random) -> str:
    at = rng.randint(0, len(line))
    return line[at:] if rng.random() < 1 / 2 else line[:at]


def _spliced(line: str, rng: random.Random) -> str:
    return _cut(line, rng) + rng.choice(["", " ", ",", "，"]) + _cut(_whole(rng), rng)


def _dropped(line: str, rng: random.Random) -> str:
    at = rng.randrange(len(line) + 1)
    return line[:at] + line[at + 1 :]


def _inserted(line: str, rng: random.Random) -> str:
    at = rng.randrange(len(line) + 1)
    return line[:at] + rng.choice(rng.choice(list(KINDS.values()))) + line[at:]


def _wrapped(line: str, rng: random.Random) -> str:
    at = rng.randrange(len(line) + 1)
    return line[:at] + rng.choice(["\n", "\n    ", "\n\n"]) + line[at:]


def _misread(line: str, rng: random.Random) -> str:
    right, wrong = rng.choice(
        [("utf-8", "latin-1"), ("gbk", "latin-1"), ("utf-8", "gbk"), ("utf-8", "cp1252")]
    )
    return line.encode(right, "ignore").decode(wrong, rng.choice(["ignore", "replace"]))


def _marked(line: str, rng: random.Random) -> str:
    marks = [",.:;?!()", "，。：；？！（）"]
    if rng.random() < 1 / 2:
        marks.reverse()
    return line.translate(str.maketrans(*marks))


CHANGES = (_cut, _spliced, _dropped, _inserted, _wrapped, _marked)


def _line(rng: random.Random) -> str:
    gap = rng.choice([0.05, 0.1, 0.4])
    kinds = rng.choices(list(KINDS.values()), list(KINDS), k=rng.randint(1, 12))
    return rng.choice(STARTS) + "".join(
        rng.choice(kind) + (" " if rng.random() < gap else "") for kind in kinds
    )
