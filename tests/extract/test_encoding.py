"""Bytes to text: every two-byte code against the WHATWG indexes, and pages declared rightly, wrongly, not at all."""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.encoding import decode, label
from tests.timing import TIME_LIMIT

HANS = (
    "城北的旧粮库改成社区食堂以后，每天中午都要排队。老人们说，一荤两素的套餐只要十二元，比自己买菜还便宜。"
    * 3
)
HANT = (
    "港口的清晨，漁船一艘接一艘靠岸。今年的秋刀魚比往年少了三成，價格卻沒有跟著上漲，讓不少船東直呼看不懂。"
    * 3
)
TRAILS = [t for t in range(0x40, 0xFF) if t != 0x7F]

GB18030_SHA256 = "85373408efe24c652c0a2f37997df8c657b0e8a654d07d9f9d97f1ad16609bc6"
"""Of the 23,940 two-byte codes in order, decoded by ICU's WHATWG decoder (index-gb18030 with the 2022 changes)."""

BIG5_SHA256 = "2ca2a082e89245823cd67cb61210724611e4c1fed6a634b27106bab287fee5e0"
"""Of 18,565 codes of index-big5 in order, without A241 and A242 (rules/encoding.tsv says why) and RADICAL_CODES."""

RADICAL_CODES = {bytes([0xC6, trail]) for trail in range(0xBF, 0xD8)} - {b"\xc6\xce", b"\xc6\xd3"}
"""Radicals of the index that stand for kana in pages written by the older layout; 广 and 无 are read as such."""

BIG5_PAIRS = {b"\x88\x62": "Ê̄", b"\x88\x64": "Ê̌", b"\x88\xa3": "ê̄", b"\x88\xa5": "ê̌"}
"""Codes that the Big5 decoder of the standard turns into two code points."""


def test_all_two_byte_codes_of_gb18030() -> None:
    codes = b"".join(bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in TRAILS)
    text = decode(codes, override="gb2312").text
    assert len(text) == 23_940
    assert hashlib.sha256(text.encode()).hexdigest() == GB18030_SHA256


def test_all_codes_of_big5() -> None:
    found = []
    for lead in range(0x81, 0xFF):
        for trail in TRAILS:
            code = bytes([lead, trail])
            if code in (b"\xa2\x41", b"\xa2\x42") or code in BIG5_PAIRS or code in RADICAL_CODES:
                continue
            text = decode(code, override="big5").text
            if "\ufffd" not in text:
                found.append(text)
    assert len(found) == 18_565
    assert hashlib.sha256("".join(found).encode()).hexdigest() == BIG5_SHA256
    for code, pair in BIG5_PAIRS.items():
        assert decode(code, override="big5").text == pair


@pytest.mark.parametrize("codec", ["big5", "cp950", "big5hkscs"])
def test_kana_of_taiwanese_pages_are_read_in_either_layout(codec: str) -> None:
    text = "台北市的「鐵道の本」書店週末舉辦朗讀會，店長說，たのしい與ラテ都寫在黑板上。"
    assert decode(text.encode(codec), override="big5").text == text
    assert decode(text.encode(codec)).text == text


def test_simplified_characters_are_no_sign_of_the_older_layout() -> None:
    text = "展覽名稱是「无广」，カタカナ也照樣顯示。"
    assert decode(text.encode("big5hkscs"), override="big5").text == text


def test_single_bytes_and_broken_sequences_follow_the_standard() -> None:
    assert decode(b"\x80", override="gbk").text == "€"
    assert decode(b"\x81<p>", override="gbk").text == "\ufffd<p>"
    assert decode(b"\x81\x30\x81\x30", override="gb2312").text == "\x80"
    assert decode("𠮷".encode("gb18030"), override="gb2312").text == "𠮷"


@pytest.mark.parametrize("declared", ["gb2312", "utf-8", "big5", "iso-8859-1", "nonsense", ""])
@pytest.mark.parametrize("where", ["http", "meta"])
@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (HANS, "gbk", "gb18030"),
        (HANS, "gb18030", "gb18030"),
        (HANT, "big5", "big5"),
        (HANT, "gbk", "gb18030"),
        (HANT, "utf-8", "utf-8"),
    ],
)
def test_page_is_read_whatever_it_declares(
    text: str, codec: str, name: str, where: str, declared: str
) -> None:
    meta = f'<meta charset="{declared}">' if where == "meta" and declared else ""
    page = f"<html><head>{meta}</head><body><p>{text}</p></body></html>"
    header = f"text/html; charset={declared}" if where == "http" and declared else "text/html"
    decoded = decode(page.encode(codec), content_type=header)
    assert (decoded.text, decoded.encoding, decoded.replacements) == (page, name, 0)


@pytest.mark.parametrize(("text", "codec"), [(HANS, "gbk"), (HANT, "big5"), (HANS, "utf-8")])
def test_one_broken_byte_costs_one_character(text: str, codec: str) -> None:
    body = text.encode(codec)
    cut = body[:40] + body[41:] if codec == "utf-8" else body + b"\xff"
    decoded = decode(cut)
    assert decoded.replacements <= 2
    assert decoded.text[-60:-2] in text


BREAKS = {
    "other": lambda body, at, byte: body.__setitem__(at, byte),
    "more": lambda body, at, byte: body.insert(at, byte),
    "fewer": lambda body, at, byte: body.__delitem__(at),
}
CHAPTERS = "".join(f"<p>{n} {{0}}</p>\n" for n in range(130))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([(HANS, "gbk", "gb18030"), (HANT, "big5", "big5"), (HANS, "utf-8", "utf-8")]),
    st.sampled_from(["gbk", "big5", "utf-8", ""]),
    st.sampled_from(sorted(BREAKS)),
    st.integers(1, 60),
    st.randoms(use_true_random=False),
)
def test_a_few_broken_bytes_cost_a_few_characters(
    page: tuple[str, str, str], declared: str, how: str, count: int, chance: random.Random
) -> None:
    text = f'<meta charset="{declared}">{CHAPTERS.format(page[0])}'
    body = bytearray(text.encode(page[1]))
    for _ in range(count):
        BREAKS[how](body, chance.randrange(30, len(body)), chance.randrange(256))
    decoded = decode(bytes(body))
    left = (Counter(text) & Counter(decoded.text)).total()
    assert decoded.encoding == page[2]
    assert left >= 0.99 * len(text)


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [(HANS, "gbk", "gb18030"), (HANT, "big5", "big5"), (HANT, "utf-8", "utf-8"), (HANT, "gbk", "gb18030")],
)
@pytest.mark.parametrize("declared", ["", "utf-8", "gbk"])
@pytest.mark.parametrize("seed", range(5))
def test_many_broken_bytes_of_a_short_page_do_not_decide_the_encoding(
    text: str, codec: str, name: str, declared: str, seed: int
) -> None:
    chance = random.Random(seed)
    body = bytearray(f'<meta charset="{declared}"><p>{text * 2}</p>'.encode(codec))
    for _ in range(40):
        body[chance.randrange(30, len(body))] = chance.randrange(256)
    assert decode(bytes(body)).encoding == name


def test_a_lost_byte_does_not_turn_the_line() -> None:
    for text, codec in ((HANS, "gbk"), (HANT, "big5")):
        body = text.encode(codec)
        kept = decode(body[:51] + body[52:] + b"</p>").text
        assert kept.endswith(text[28:] + "</p>")
        assert kept.startswith(text[:24])


def test_two_lost_bytes_leave_no_line_between_them_garbled() -> None:
    body = HANS.encode("gbk")
    kept = decode(body[:51] + body[52:151] + body[152:] + b"\n\xff").text
    assert HANS[28:73] in kept


def test_four_bytes_of_gb18030_stand_in_a_damaged_line() -> None:
    text = "他叫王𠮷，是渔港里最老的人。" * 5
    body = text.encode("gb18030")
    assert decode(b"\xff" + body, override="gb18030").text.count("𠮷") == 5


def test_a_million_short_runs_beside_a_broken_byte_are_read_in_time() -> None:
    body = HANS.encode("gbk") * 9 + b"\x81 " + "磨坊 ".encode("gbk") * 1_000_000
    start = time.process_time()
    text = decode(body).text
    assert time.process_time() - start < TIME_LIMIT
    assert text.endswith("磨坊 " * 900_000)


def test_a_page_of_bad_bytes_is_not_mended() -> None:
    body = b"\xff\xfe\xff" * 2000 + HANS.encode("gbk")
    assert decode(body, override="gbk").replacements >= 3000


def test_how_it_was_chosen() -> None:
    gbk = HANS.encode("gbk")
    assert decode(b"\xef\xbb\xbf" + HANS.encode()).chosen_by == "bom"
    assert decode(HANS.encode("utf-16")).encoding == "utf-16le"
    assert decode(gbk, content_type="text/html; charset=gb2312").chosen_by == "http"
    assert (
        decode(b'<meta http-equiv="Content-Type" content="text/html; charset=gb2312">' + gbk).chosen_by
        == "meta"
    )
    assert decode(b'<?xml version="1.0" encoding="gbk"?>' + gbk).chosen_by == "xml"
    assert decode(gbk).chosen_by == "scored"
    assert decode(gbk, override="gbk").chosen_by == "source"
    assert decode(b" " * 3000 + b"<meta charset=big5>" + HANT.encode("big5")).chosen_by == "meta"


def test_other_scripts_are_left_to_the_detector() -> None:
    russian = "Сегодня в городе открылась новая столовая для пожилых людей. " * 10
    decoded = decode(russian.encode("windows-1251"))
    assert decoded.text == russian
    assert decoded.chosen_by == "detector"


def test_labels_of_the_standard() -> None:
    assert label(" GB_2312-80 ") == ("gb18030", "gb18030")
    assert label("x-x-big5") == ("big5", "big5hkscs")
    assert label("latin1") == ("windows-1252", "cp1252")
    assert label("no-such-label") is None


@given(st.binary(max_size=400), st.sampled_from(["", "text/html; charset=gbk", "text/html; charset=\x00"]))
def test_any_bytes_give_text(body: bytes, header: str) -> None:
    decoded = decode(body, content_type=header)
    assert decoded.replacements == decoded.text.count("\ufffd")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_page_in_utf16_without_its_mark(codec: str) -> None:
    page = "<!doctype html><p>镇上的老邮局去年冬天关了门，柜台后面的挂钟一直没有停。"
    decoded = decode(page.encode(codec), content_type="text/html; charset=utf-8")
    assert (decoded.text, decoded.encoding) == (page, codec.replace("16-", "16"))


def test_a_mark_of_utf8_before_a_page_in_gbk_is_not_believed() -> None:
    decoded = decode(b"\xef\xbb\xbf<meta charset=gbk>" + HANS.encode("gbk"))
    assert (decoded.text, decoded.encoding) == ("<meta charset=gbk>" + HANS, "gb18030")
    broken = decode(b"\xef\xbb\xbf" + HANS.encode() + b"\xa1\xb2")
    assert (broken.encoding, broken.chosen_by) == ("utf-8", "bom")


def test_a_mark_of_utf16_before_single_bytes_is_not_believed() -> None:
    page = f"<html><head><title>{HANS[:8]}</title></head><body><p>{HANS}</p></body></html>"
    decoded = decode(b"\xff\xfe" + page.encode())
    assert (decoded.text, decoded.encoding) == (page, "utf-8")
    assert decode(page.encode("utf-16")).encoding == "utf-16le"


def test_hz() -> None:
    page = f"<html><title>{HANS}</title>\n<p>{HANS}</p></html>"
    decoded = decode(page.encode("hz"))
    assert (decoded.text, decoded.encoding) == (page, "hz-gb-2312")
    script = "<script>a=b~{c};var d=~{e:1}</script><p>plain ASCII"
    assert decode(script.encode()).text == script
