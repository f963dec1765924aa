"""Mojibake that decoding again cures is cured, and nothing else."""

from __future__ import annotations

import pytest

from pipeline.normalize import normalize, normalize_text
from pipeline.normalize.mojibake import mojibake

SENTENCE = "他们在学校里学习中文和数学，大家都说很好"
LINES = {
    "news, Hans": "气象台昨日发布暴雨橙色预警，沿江三县转移群众二千余人。",
    "title": "碳酸饮料销量锐减",
    "one rare Han": "他的名字里有个饕字，老师总念错。",
    "prose, Hans": "外婆把晒好的笋干收进瓦罐，嘴里念叨着今年雨水多……",
    "Hong Kong": "立法會昨日三讀通過撥款，議員質疑開支過大。",
    "Taiwan": "下班後繞去夜市，買了一份蚵仔煎，邊走邊吃。",
    "with Latin": "他用iPhone 15拍了3张照片，传到Wi-Fi上。",
}
SLOPPY = (
    bytes(range(256))
    .decode("latin-1")
    .translate({byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)})
)
"""Windows-1252 as browsers read it: the five bytes it lacks are controls."""


def misread(text: str, right: str, wrong: str) -> str:
    coded = text.encode(right)
    return "".join(SLOPPY[byte] for byte in coded) if wrong == "cp1252" else coded.decode(wrong)


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("right", ["utf-8", "gbk", "big5hkscs"])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_cured(line: str, right: str, wrong: str) -> None:
    try:
        assert mojibake(misread(line, right, wrong)) == line
    except UnicodeEncodeError:
        pytest.skip("not all of the line is in Big5")


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_misread_twice(line: str, wrong: str) -> None:
    assert mojibake(misread(misread(line, "utf-8", wrong), "utf-8", wrong)) == line


@pytest.mark.parametrize("line", [SENTENCE, "用整合观点看社会稳定问题", "AMD散热不太好！"])
def test_utf8_as_gbk(line: str) -> None:
    assert mojibake(line.encode().decode("gb18030")) == line


def test_a_whole_page() -> None:
    result = normalize("\n".join(misread(SENTENCE, right, "latin-1") for right in ("utf-8", "gb18030")))
    assert result.text == f"{SENTENCE}\n{SENTENCE}"
    assert "mojibake" in result.fixes


@pytest.mark.parametrize(
    ("text", "cured"),
    [
        ("正文里夹着ä¸\xadæ–‡两个字", "正文里夹着中文两个字"),
        ("作者说â€œ很好â€\x9d，走了", "作者说“很好”，走了"),
        ("Itâ€™s fine", "It’s fine"),
        ("价格Â¥100，气温25Â°C，cafÃ©", "价格¥100，气温25°C，café"),
        ("CafÃ© dÃ©jÃ\xa0 vu", "Café déjà vu"),
    ],
)
def test_pieces_and_latin(text: str, cured: str) -> None:
    assert mojibake(text) == cured


LEFT = [
    SENTENCE,
    *LINES.values(),
    "涓涓细流汇入大海",
    "锛刀与浜水",
    "王闂与李闂",
    "Café déjà vu à la façon",
    "bonté\xa0» dit-il",
    "le café”…",
    "Téléchargement des élèves réélus",
    "Größe über Maß, äußerst öde",
    "jäääär, öötöö",
    "¿Él? ¡Ánimo! 25 °C, § 12 – 3 × 4",
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ",
    "AÇÃO E REAÇÃO, ÀÉÈÙ",
    "Çalışma güneşi ığdır, öğretmen",
    "Tiếng Việt có dấu; đường phố Hà Nội ở phía Bắc",
    "Ñaïi hoïc Quoác gia",
    "Ïðèâåò, êàê äåëà",
    "© 2024 ®™ «ok» ½ ¾ £5 ¥100",
    "气温25°C，长3×4米，±2µm",
]


@pytest.mark.parametrize("text", LEFT)
def test_left_alone(text: str) -> None:
    assert mojibake(text) == text


def test_what_cannot_be_cured_is_flagged() -> None:
    result = normalize("正文：浣犲ソ锛屼笘鐣屻€?")
    assert "mojibake" in {flag.name for flag in result.flags}
    assert result.text == "正文：浣犲ソ锛屼笘鐣屻€?"


@pytest.mark.parametrize("text", [SENTENCE, "涓涓细流汇入大海"])
def test_normalized_text_is_stable(text: str) -> None:
    assert normalize_text(text) == text


@pytest.mark.parametrize("lost", ["?", "\ufffd"])
@pytest.mark.parametrize("line", [SENTENCE, LINES["Hong Kong"], LINES["with Latin"], "你好啊，世界"])
def test_utf8_as_gbk_with_lost_bytes_invents_no_han(line: str, lost: str) -> None:
    cured = mojibake(line.encode().decode("gbk", "replace").replace("\ufffd", lost))
    left = iter(line)
    assert cured != line.encode().decode("gbk", "replace")
    assert all(character == "\ufffd" or character in left for character in cured)
    assert cured.count("\ufffd") < len(line) / 2


@pytest.mark.parametrize(
    "frame", ["[{}](https://example.com/2023/02/07/aVhOqbdlLKdYeB)", "3.8. udev {}", "`a b`{}"]
)
def test_utf8_as_gbk_beside_ascii(frame: str) -> None:
    line = frame.replace("{}", "查看原文")
    assert mojibake(line.encode().decode("gb18030")) == line


def test_gbk_or_big5_that_are_equally_likely_stay() -> None:
    wrong = misread("locale 推薦", "big5", "latin-1")
    assert mojibake(wrong) == wrong


def test_the_byte_80_of_gbk_is_the_euro() -> None:
    assert mojibake("鏈€杩戝紑浼氶渶瑕佷竴涓\ue043汉") == "最近开会需要一个人"


@pytest.mark.parametrize(("text", "cured"), [("浣犲ソ", "你好"), ("浣犲ソ?", "你好?")])
def test_two_han_alone(text: str, cured: str) -> None:
    assert mojibake(text) == cured


def test_lost_for_good_is_flagged() -> None:
    result = normalize("他说锟斤拷锟斤拷，走了")
    assert result.text == "他说锟斤拷锟斤拷，走了"
    assert "wrong_word" in {flag.name for flag in result.flags}
