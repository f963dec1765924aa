from __future__ import annotations

import pytest

from pipeline.archive import warc

WHOLE = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (WHOLE.replace(b"WARC/1.1", b"ARC"), "begins with 'ARC'"),
        (b"", "begins with ''"),
        (WHOLE[:-4], "does not end in two line ends"),
        (WHOLE[:-3], "does not end in two line ends"),
        (WHOLE.replace(b": 3", b": 5"), "says Content-Length '5' and has 3 bytes"),
        (WHOLE.replace(b": 3", b": " + b"9" * 5000), f"says Content-Length '{'9' * 20}' and has 3 bytes"),
        (WHOLE.replace(b": 3", ": ٣".encode()), "says Content-Length '٣' and has 3 bytes"),
        (WHOLE.replace(b"Content-Length: 3\r\n", b""), "says Content-Length '' and has 3 bytes"),
    ],
)
def test_what_is_no_whole_record_is_told_by_file_offset_and_fault(data: bytes, wrong: str) -> None:
    with pytest.raises(warc.Damaged) as caught:
        warc.parse_record(data, 17, 3, "corpus-x.warc.gz")
    told = "corpus-x.warc.gz: the member at 17 is not one whole WARC record: it "
    assert str(caught.value) == told + wrong


def test_a_whole_record_is_its_headers_and_block() -> None:
    found = warc.parse_record(WHOLE, 17, 3, "corpus-x.warc.gz")
    assert found.headers == {"warc-type": "response", "content-length": "3"}
    assert (found.offset, found.length, found.kind, found.block) == (17, 3, "response", b"abc")
