"""What one answer is worth: its outcome word, its body, and whether asking again makes sense."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.records import Outcome
from pipeline.web import media, redirects
from pipeline.web.connections import TransportError
from pipeline.web.decode import codings_of, decode_body
from pipeline.web.pace import retry_after_seconds
from pipeline.web.transport import Answer

RETRIED = frozenset({429, 500, 502, 503, 504, 520, 522, 523, 524})
"""Statuses worth another try; 521 is left out: on Chinese sites it is a script challenge, not a fault (the one that
sets the cookie `__jsl_clearance`)."""

WHOLE = frozenset({200, 203})
"""The statuses that answer a plain GET with a whole page (RFC 9110 §15.3); 202 and 206 do not."""

_PROBLEMS = {
    "cut": Outcome.INCOMPLETE,
    "corrupt": Outcome.BAD_ENCODING,
    "codings": Outcome.BAD_ENCODING,
    "too_large": Outcome.TOO_LARGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one request."""

    outcome: Outcome
    """As in `Fetched.outcome`, or REDIRECT."""
    body: bytes = b""
    """Unpacked, possibly a prefix."""
    notes: tuple[str, ...] = ()
    """Irregularities."""
    retry: int = 0
    """How often this kind of failure is worth a repetition."""
    identity: bool = False
    """Whether the repetition should ask for a body without content coding."""
    retry_after: float | None = None
    """Seconds the server asked us to wait."""


def judge_answer(
    answer: Answer | None,
    failure: TransportError | None,
    *,
    conditional: bool,
    body_cap: int,
    wait_cap: float,
    now: float,
) -> Verdict:
    """Judge an answer (None: none came) that ended with `failure` (None: it came whole).

    The status counts first, then how the body arrived, then what it unpacks to. `conditional`: whether
    validators were sent; `body_cap` in bytes; `wait_cap` seconds, the longest Retry-After waited for;
    `now` in epoch seconds.
    """
    if answer is None or (failure is not None and failure.outcome == Outcome.BAD_PROTOCOL):
        failure = failure or TransportError(Outcome.CONNECT_ERROR, "no answer")
        return Verdict(outcome=failure.outcome, notes=(failure.detail,), retry=failure.retry)
    labels = ",".join(value for name, value in answer.headers if name.lower() == "content-encoding")
    decoded = decode_body(bytes(answer.raw), codings_of(labels), body_cap)
    notes = (*((failure.detail,) if failure else ()), *decoded.notes)
    verdict = Verdict(outcome=Outcome.OK, body=decoded.body, notes=notes)
    if answer.status in redirects.STATUSES:
        return replace(verdict, outcome=Outcome.REDIRECT)
    if answer.status == 304:
        if conditional:
            return Verdict(outcome=Outcome.UNCHANGED, notes=notes)
        return Verdict(outcome=Outcome.HTTP_ERROR, notes=(*notes, "304 nobody asked for"), retry=1)
    if answer.status in {204, 205}:
        return replace(verdict, outcome=Outcome.EMPTY)
    if answer.status not in WHOLE:
        return _judge_error(verdict, answer, wait_cap, now)
    if failure is not None:
        return replace(verdict, outcome=failure.outcome, retry=failure.retry)
    if decoded.problem is not None:
        repeat = decoded.problem in {"cut", "corrupt"}
        notes = (*notes, f"content coding {decoded.problem}")
        return replace(
            verdict, outcome=_PROBLEMS[decoded.problem], notes=notes, retry=int(repeat), identity=repeat
        )
    if not decoded.body:
        return replace(verdict, outcome=Outcome.EMPTY)
    if _maybe_cut(answer, decoded.body):
        return replace(verdict, retry=1, notes=(*notes, "no_html_end"))
    return verdict


def _judge_error(verdict: Verdict, answer: Answer, wait_cap: float, now: float) -> Verdict:
    if answer.status in {404, 410}:
        return replace(verdict, outcome=Outcome.GONE)
    if answer.status not in RETRIED:
        return replace(verdict, outcome=Outcome.HTTP_ERROR)
    after = retry_after_seconds(answer.header("retry-after"), now)
    if after is not None and after > wait_cap:
        return replace(verdict, outcome=Outcome.DEFERRED, retry_after=after)
    return replace(verdict, outcome=Outcome.HTTP_ERROR, retry=2, retry_after=after)


def _maybe_cut(answer: Answer, body: bytes) -> bool:
    """Whether only the closing of the connection told where an HTML body ends, and it looks cut."""
    if answer.header("content-length") or answer.header("transfer-encoding"):
        return False
    return media.is_html(body, answer.header("content-type")) and media.lacks_end(body)
