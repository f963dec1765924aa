"""The 13-grams of a text are found in bytes of any form, and in nothing else."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from pipeline.takedown.grams import GRAM, all_grams, common, grams, said_by, unpacked
from tests.corpus.articles import article
from tests.timing import TIME_LIMIT

TEXT = article(1)
WANTED = grams(TEXT)
HTML = "<html><body>" + "".join(
    f"<p class='x'>{line[:9]}<b>{line[9:]}</b></p>\n" for line in TEXT.split("\n")
)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16-le"),
        HTML.encode(),
        HTML.encode("gb18030"),
        f"<meta name=description content='{TEXT}'>".encode(),
        json.dumps({"body": TEXT}).encode(),
        "".join(f"&#{ord(char)};" for char in TEXT).encode(),
        " ".join(TEXT).encode(),
        TEXT.replace("国", "國").replace("学", "學").replace("车", "車").encode("big5", "ignore"),
        b"\xff\xfe\xfa" + TEXT.encode() + b"\xff",
    ],
    ids=[
        "utf-8",
        "gbk",
        "utf-16",
        "html",
        "html in gbk",
        "attribute",
        "json",
        "entities",
        "spaced",
        "big5",
        "torn",
    ],
)
def test_a_text_is_found_in_any_form(data: bytes) -> None:
    assert said_by(data, WANTED) > 10


@pytest.mark.parametrize("data", [b"", article(2).encode(), bytes(range(256)) * 50, TEXT[:12].encode()])
def test_other_bytes_say_nothing(data: bytes) -> None:
    assert said_by(data, WANTED) == 0


def test_a_single_gram_is_enough_and_less_is_none() -> None:
    letters = "".join(char for char in TEXT if char.isalnum())
    assert said_by(letters[40 : 40 + GRAM].encode(), WANTED) == 1
    assert said_by(letters[40 : 40 + GRAM - 1].encode(), WANTED) == 0
    assert len(grams("短")) == 0
    assert len(WANTED) == len(letters) - GRAM + 1


def test_common_ones_are_those_of_both() -> None:
    both = all_grams([TEXT, article(2)])
    assert common(both, WANTED).tolist() == WANTED.tolist()
    assert len(common(WANTED, grams(article(3)))) == 0
    assert len(common(grams(""), WANTED)) == 0


def test_torn_members_are_unpacked_as_far_as_they_go() -> None:
    packed = gzip.compress(TEXT.encode()) + gzip.compress(article(2).encode())
    assert unpacked(packed).decode() == TEXT + article(2)
    assert said_by(unpacked(packed[:-20]), WANTED) == len(WANTED)
    assert unpacked(b"plain") == b"plain"
    assert unpacked(b"\x1f\x8bno gzip") == b"\x1f\x8bno gzip"


def test_hostile_markup_costs_little() -> None:
    started = time.process_time()
    said_by(b"<" * 500_000 + b"&" * 500_000 + b"\\u12" * 100_000, WANTED)
    assert time.process_time() - started < TIME_LIMIT


def test_a_damaged_member_is_read_up_to_its_damage() -> None:
    text = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(6000))
    data = bytearray(gzip.compress(text.encode()))
    data[len(data) * 3 // 4 :] = b"\x00" * (len(data) // 4)
    assert said_by(unpacked(bytes(data)), grams(text[:3000])) > 2900
