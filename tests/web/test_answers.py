"""What one answer is worth, without a network."""

from __future__ import annotations

import pytest

from pipeline.records import Outcome
from pipeline.web.answers import Verdict, judge_answer
from pipeline.web.connections import TransportError
from pipeline.web.transport import Answer

NOW = 1_793_491_200.0


def judge(
    status: int | None,
    *headers: tuple[str, str],
    body: bytes = b"<html></html>",
    failure: TransportError | None = None,
    conditional: bool = False,
) -> Verdict:
    answer = None
    if status is not None:
        answer = Answer(status=status, headers=headers, protocol="HTTP/1.1", peer=None, raw=bytearray(body))
    return judge_answer(answer, failure, conditional=conditional, body_cap=1000, wait_cap=60.0, now=NOW)


CUT = TransportError(Outcome.INCOMPLETE, "peer closed connection", retry=2)


@pytest.mark.parametrize(
    ("verdict", "outcome", "retry"),
    [
        (judge(200), "ok", 0),
        (judge(200, body=b"<html><p>words"), "ok", 1),  # only the closing of the connection told its end
        (judge(200, ("Content-Length", "14"), body=b"<html><p>words"), "ok", 0),
        (judge(200, body=b""), "empty", 0),
        (judge(200, body=b"x" * 1001), "too_large", 0),
        (judge(200, failure=CUT), "incomplete", 2),
        (judge(404, failure=CUT), "gone", 0),  # the status says enough
        (judge(301, failure=CUT), "redirect", 0),
        (judge(None, failure=CUT), "incomplete", 2),
        (judge(None), "connect_error", 0),
        (judge(200, failure=TransportError(Outcome.BAD_PROTOCOL, "257 header lines")), "bad_protocol", 0),
        (judge(304, conditional=True), "unchanged", 0),
        (judge(304), "http_error", 1),
        (judge(500), "http_error", 2),
        (judge(501), "http_error", 0),
        (judge(521), "http_error", 0),
        (judge(999), "http_error", 0),
        (judge(503, ("Retry-After", "60")), "http_error", 2),
        (judge(503, ("retry-after", "61")), "deferred", 0),
        (judge(500, ("Retry-After", "Sun, 01 Nov 2099 00:00:00 GMT")), "deferred", 0),
        (judge(200, ("Content-Encoding", "gzip"), ("content-encoding", "br, gzip")), "bad_encoding", 0),
        (judge(200, ("Content-Encoding", "gzip"), body=b"\x1f\x8bjunk"), "bad_encoding", 1),
    ],
)
def test_an_answer_has_its_verdict(verdict: Verdict, outcome: str, retry: int) -> None:
    assert (verdict.outcome, verdict.retry) == (outcome, retry)


def test_a_broken_coding_is_asked_for_again_unpacked() -> None:
    assert judge(200, ("Content-Encoding", "gzip"), body=b"\x1f\x8bjunk").identity
    assert not judge(500).identity


def test_the_seconds_to_wait_are_handed_on() -> None:
    assert judge(429, ("Retry-After", "7")).retry_after == 7.0
    assert judge(429, ("Retry-After", "soon")).retry_after is None
