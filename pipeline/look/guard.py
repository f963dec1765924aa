"""What stands round every page: who may ask, under which name, and what a browser may do with an answer.

The server is for one person on one machine. Another site that this person visits can make the browser ask it, so the
name it is asked by is checked (DNS rebinding: https://www.w3.org/TR/secure-contexts/, OWASP "DNS rebinding"), nothing
is given to pages of other origins, and there is nothing to change. Beyond loopback a token is asked for.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names by which a server on loopback is asked; any other was made to point there."""

COOKIE = "corpus_look"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""For our own pages: our own files and nothing else, no script or style within a page."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Set on every answer that does not say otherwise itself."""


def guarded(app: ASGIApp, token: str | None = None) -> ASGIApp:
    """The app behind the checks; without a token only what is asked by a name of loopback is answered."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = _refused(scope, token)
        await (app if refused is None else refused)(scope, receive, with_headers)

    return serve


def _refused(scope: Scope, token: str | None) -> Response | None:
    """The answer in place of the page; None: it may be given."""
    headers = Headers(scope=scope)
    if scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("There is nothing to change here.", 405, {"allow": "GET, HEAD"})
    if token is None:
        hosts = headers.getlist("host")
        if len(hosts) == 1 and _without_port(hosts[0]) in LOOPBACK:
            return None
        return PlainTextResponse("This server answers on http://127.0.0.1 alone.", 421)
    if _same(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), token):
        return None
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if not any(name == "token" and _same(value, token) for name, value in query):
        return PlainTextResponse("Open the address that `corpus look` has shown, with its token.", 401)
    rest = urlencode([pair for pair in query if pair[0] != "token"])
    # `scope["path"]` is decoded: a line end in it must not come into a header, and // would name another host
    path = "/" + scope.get("raw_path", b"/").decode("latin-1").partition("?")[0].lstrip("/")
    answer = RedirectResponse(path + ("?" + rest if rest else ""), 303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax")
    return answer


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _same(said: str, token: str) -> bool:
    return hmac.compare_digest(said.encode("utf-8", "replace"), token.encode())
