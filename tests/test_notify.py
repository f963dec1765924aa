"""Messages received by real servers on loopback: mail, a webhook, and the chats by their own services' forms."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.slack import NotifySlack
from apprise.plugins.wecombot import NotifyWeComBot

from pipeline import runs
from pipeline.archive.writer import Writer
from pipeline.crawl.ledger import Ledger
from pipeline.errors import UsageError
from pipeline.notify import NotSentError, addresses, send
from pipeline.report import refusals
from pipeline.runs import Folders, RunReport
from tests.archive.archive_cases import clock, failure

TITLE, TEXT = "corpus: news failing", "news is failing since 2026-11-09: 列表没有回答\nblog is well again"


@dataclass
class Received:
    port: int
    posts: list[tuple[str, Any]] = field(default_factory=list)
    """(path, JSON) of what was posted."""
    mails: list[bytes] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def web() -> Iterator[Received]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.posts.append((self.path, json.loads(body)))
            self.send_response(got.status)
            answer = b'{"errcode": 0, "code": 0, "ok": true}' if "slack" not in self.path else b"ok"
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    got = Received(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield got
    server.shutdown()
    server.server_close()


@pytest.fixture
def mail() -> Iterator[Received]:
    class Handler(socketserver.StreamRequestHandler):
        """As much of SMTP (RFC 5321) as it takes to receive a message."""

        def handle(self) -> None:
            self._say("220 loopback")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    lines = []
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(line)
                    got.mails.append(b"".join(lines))
                self._say("221 bye" if word == b"QUIT" else "250 fine")
                if word == b"QUIT":
                    return

        def _say(self, words: str) -> None:
            self.wfile.write(words.encode() + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    got = Received(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield got
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_the_message(web: Received) -> None:
    send((f"json://127.0.0.1:{web.port}/hook",), TITLE, TEXT)
    ((path, said),) = web.posts
    assert (path, said["title"], said["message"]) == ("/hook", TITLE, TEXT)


def test_mail_arrives(mail: Received) -> None:
    send(
        (f"mailto://127.0.0.1:{mail.port}?from=corpus@example.org&to=ops@example.org&mode=insecure",),
        TITLE,
        TEXT,
    )
    (raw,) = mail.mails
    message = message_from_bytes(raw)
    assert str(make_header(decode_header(message["Subject"]))) == TITLE
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    assert any("列表没有回答".encode() in part for part in parts if isinstance(part, bytes))


@pytest.mark.parametrize(
    ("service", "attribute", "address"),
    [
        (NotifyDingTalk, "notify_url", "dingtalk://abcdef0123456789"),
        (NotifyFeishu, "notify_url", "feishu://abcdef0123456789"),
        (NotifyWeComBot, "notify_url", "wecombot://12345678-abcd-1234-abcd-1234567890ab"),
        (NotifySlack, "webhook_url", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
    ],
)
def test_the_chats_get_the_message(
    web: Received, monkeypatch: pytest.MonkeyPatch, service: type, attribute: str, address: str
) -> None:
    base = f"http://127.0.0.1:{web.port}/{service.__name__.lower()}"
    monkeypatch.setattr(service, attribute, base)  # their hosts stand in the library
    send((address,), TITLE, TEXT)
    ((_, said),) = web.posts
    assert "列表没有回答" in json.dumps(said, ensure_ascii=False)


def test_who_was_not_reached_is_named_without_its_password(web: Received) -> None:
    web.status = 500
    dead = "mailto://user:secret@127.0.0.1:1?from=a@example.org&to=b@example.org"
    with pytest.raises(NotSentError, match=r"not taken by json://…, mailto://…") as error:
        send((f"json://127.0.0.1:{web.port}/hook", dead), TITLE, TEXT)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[notify]\nurls = [", r"notify\.toml:2: not TOML, column 9: a list"),
        ('[notify]\nurls = "json://x"', "must be a list"),
        ("[notify]\nurls = [1]", "must be a list"),
        ('[notify]\nurl = ["json://x"]', "with `urls`"),
        ('urls = ["json://x"]', "with `urls`"),
        ("notify = 3", "with `urls`"),
        ('[notify]\nurls = ["json://x", "nothing://secret"]', r"address 2 \(nothing://…\) is none"),
        ('[notify]\nurls = ["mailto://"]', r"address 1 \(mailto://…\) is none"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "notify.toml").write_text(text)
    with pytest.raises(UsageError, match=words) as error:
        addresses(tmp_path)
    assert "secret" not in str(error.value)


def test_without_a_file_nobody_is_told(tmp_path: Path) -> None:
    assert addresses(tmp_path) == ()
    (tmp_path / "notify.toml").write_text('[notify]\nurls = ["json://127.0.0.1/x"]')
    assert addresses(tmp_path) == ("json://127.0.0.1/x",)


def test_a_run_tells_what_changed_and_tells_it_again_if_nobody_took_it(web: Received, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/news.toml").write_text(
        'home = "https://news.example/"\nurls = ["https://news.example/a"]\n'
    )
    (tmp_path / "notify.toml").write_text(f'[notify]\nurls = ["json://127.0.0.1:{web.port}/hook"]\n')
    with Writer(tmp_path / "raw", "run", clock) as writer, Ledger(tmp_path / "raw") as ledger:
        for number in range(3):
            ledger.record(writer.write(failure(number, source="news")))
        writer.flush()
        ledger.commit()
    where = Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean")
    web.status = 500
    first = runs.look(where, RunReport())
    assert first.unsent is not None
    assert refusals(first) == [first.changed[0].words, f"nobody was told: {first.unsent}"]
    web.status = 200
    second = runs.look(where, RunReport())
    assert (second.unsent, second.changed) == (None, first.changed)
    assert runs.look(where, RunReport()).changed == ()
    assert [said["title"] for _, said in web.posts] == ["corpus: news failing"] * 2
    assert web.posts[-1][1]["message"] == first.changed[0].words
