"""Who may ask, under which name, and what a browser is told about an answer."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from pipeline.look.app import make_app
from pipeline.look.guard import HEADERS, POLICY
from pipeline.look.serve import is_loopback
from pipeline.runs import Folders


@pytest.fixture
def secret(demo: Folders) -> TestClient:
    app = make_app(demo, token="öffne dich")
    return TestClient(app, base_url="http://corpus.example", follow_redirects=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4280", "localhost:80", "LOCALHOST", "[::1]:4280"])
def test_names_of_loopback_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4280", "127.0.0.1.evil.example", "127.0.0.1:4280.evil", "localhost:a", ""],
)
def test_a_name_that_was_made_to_point_here_is_not(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "Sources" not in answer.text


def test_every_answer_says_what_a_browser_may_do_with_it(client: TestClient) -> None:
    for path in ("/", "/static/look.css", "/no-such-page", "/static/no-such-file"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_there_is_nothing_to_change(client: TestClient, method: str) -> None:
    assert client.request(method, "/").status_code == 405


def test_a_token_is_asked_for_once(secret: TestClient) -> None:
    assert secret.get("/").status_code == 401
    assert secret.get("/?token=wrong").status_code == 401
    first = secret.get("/?a=1&token=%C3%B6ffne+dich&b=%26")
    assert (first.status_code, first.headers["location"]) == (303, "/?a=1&b=%26")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=lax" in first.headers["set-cookie"]
    assert secret.get("/").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/%0d%0aset-cookie:%20a=b", "/%2fevil.example"])
def test_the_way_on_from_the_token_stays_here(demo: Folders, path: str) -> None:
    app = make_app(demo, token="t")
    answer = TestClient(app, base_url="http://corpus.example", follow_redirects=False).get(
        f"http://corpus.example{path}?token=t"
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")
    assert answer.headers["set-cookie"].startswith("corpus_look=")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.0.3", "localhost.evil.example")),
    ],
)
def test_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
