"""Content codings: whole, cut, corrupt, stacked, lying, and bombs."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.decode import MAX_MEMBERS, codings_of, decode_body

CAP = 1 << 20
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
CODING = st.sampled_from(sorted(PACK))


@given(st.binary(max_size=5000), st.lists(CODING, max_size=2))
def test_what_was_packed_comes_back(body: bytes, codings: list[str]) -> None:
    raw = body
    for coding in codings:
        raw = PACK[coding](raw)
    decoded = decode_body(raw, tuple(codings), CAP)
    assert (decoded.body, decoded.problem, decoded.notes) == (body, None, ())


@given(st.binary(max_size=3000), CODING)
def test_no_bytes_raise(raw: bytes, coding: str) -> None:
    assert len(decode_body(raw, (coding,), 1000).body) <= 1000


@given(st.binary(min_size=1, max_size=3000), CODING, st.data())
def test_a_cut_never_passes_for_a_whole(body: bytes, coding: str, data: st.DataObject) -> None:
    raw = PACK[coding](body)
    length = data.draw(st.integers(1, len(raw) - 1))
    decoded = decode_body(raw[:length], (coding,), CAP)
    assert decoded.problem in {"cut", "corrupt"}
    assert body.startswith(decoded.body)


@pytest.mark.parametrize("coding", sorted(PACK))
def test_the_cap_itself_is_allowed_and_one_more_is_not(coding: str) -> None:
    body = bytes(range(256)) * 4
    raw = PACK[coding](body)
    assert decode_body(raw, (coding,), len(body)).problem is None
    over = decode_body(raw, (coding,), len(body) - 1)
    assert (over.problem, over.body) == ("too_large", body[:-1])


def test_identity_is_capped_too() -> None:
    assert decode_body(b"abcd", (), 3).problem == "too_large"


def test_members_and_frames_are_joined() -> None:
    pieces = [b"one ", b"", b"two ", b"three"]
    zipped = decode_body(b"".join(map(gzip.compress, pieces)), ("gzip",), CAP)
    assert (zipped.body, zipped.notes) == (b"one two three", ("gzip-members",))
    assert decode_body(b"".join(map(zstandard.compress, pieces)), ("zstd",), CAP).body == b"one two three"


def test_trailing_bytes_are_noted_but_padding_is_not() -> None:
    raw = gzip.compress(b"page")
    assert decode_body(raw + b"junk", ("gzip",), CAP).notes == ("trailing-bytes",)
    assert decode_body(raw + bytes(100), ("gzip",), CAP).notes == ()


def test_a_bad_checksum_is_corrupt() -> None:
    raw = bytearray(gzip.compress(b"page" * 10))
    raw[-6] ^= 1
    assert decode_body(bytes(raw), ("gzip",), CAP).problem == "corrupt"


@pytest.mark.parametrize("coding", sorted(PACK))
def test_plain_markup_under_a_false_label_is_taken_as_it_is(coding: str) -> None:
    decoded = decode_body(b" <html>...</html>", (coding,), CAP)
    assert (decoded.body, decoded.problem, decoded.notes) == (b" <html>...</html>", None, ("encoding-lie",))


def test_an_unknown_label_leaves_the_body_alone() -> None:
    assert decode_body(b"page", ("utf-8",), CAP).notes == ("unknown-coding",)


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        ("", ()),
        ("gzip", ("gzip",)),
        (" GZIP , br ", ("gzip", "br")),
        ("identity", ()),
        ("none, gzip", ("gzip",)),
        (",,", ()),
    ],
)
def test_labels_are_read(header: str, codings: tuple[str, ...]) -> None:
    assert codings_of(header) == codings


def test_more_than_two_codings_are_refused_unread() -> None:
    assert decode_body(b"x", ("gzip",) * 3, CAP).problem == "codings"


@pytest.mark.parametrize("coding", sorted(PACK))
def test_a_bomb_stops_at_the_cap_in_memory_and_time(coding: str) -> None:
    cap = 8 * CAP
    zeros = bytes(100_000_000)
    raw = brotli.compress(zeros, quality=1) if coding == "br" else PACK[coding](zeros)
    tracemalloc.start()
    started = time.perf_counter()
    decoded = decode_body(raw, (coding,), cap)
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (decoded.problem, len(decoded.body)) == ("too_large", cap)
    assert peak < 30_000_000
    assert seconds < 5


def test_a_zstd_window_beyond_eight_megabytes_is_refused() -> None:
    for window_log, problem in ((23, None), (24, "corrupt")):
        parameters = zstandard.ZstdCompressionParameters(window_log=window_log, write_content_size=False)
        packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        raw = packer.compress(b"page") + packer.flush()
        assert decode_body(raw, ("zstd",), CAP).problem == problem


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_of_members_stops(coding: str) -> None:
    one = PACK[coding](b"x")
    assert decode_body(one * MAX_MEMBERS, (coding,), CAP).body == b"x" * MAX_MEMBERS
    assert decode_body(one * (MAX_MEMBERS + 1), (coding,), CAP).problem == "corrupt"
