"""Mail on its way: to the console, into files, to a server over TLS."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import SMTP
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest

from vallum.config.provider import Mail
from vallum.identity.people.mail import ConsoleMail, FileMail, MailFailed, SMTPMail, make_mail

TEXT = "Grüße\nhttps://login.shop.example/x\n"


@contextmanager
def smtp_server(*greeting: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A mail server for one connection: answers each line with the next of `greeting`."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"220 test\r\n")
                stream.flush()
                in_data = False
                for line in stream:
                    heard.append(line)
                    if in_data and line != b".\r\n":
                        continue
                    command = line[:4].upper().strip()
                    in_data = command == b"DATA"
                    answer = {
                        b"EHLO": greeting[0], b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n",
                    }.get(command, b"250 ok\r\n")  # fmt: skip
                    stream.write(answer)
                    stream.flush()
                    if command == b"QUIT":
                        return

        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


def test_the_console_shows_a_message() -> None:
    stream = StringIO()
    mail = ConsoleMail("shop@corp.com", stream)
    asyncio.run(mail.send(to="a@corp.com", subject="Hello", text=TEXT))
    assert "To: a@corp.com\nSubject: Hello\n" in stream.getvalue()
    assert TEXT in stream.getvalue()


def test_each_message_is_a_file_for_its_owner_only(tmp_path: Path) -> None:
    mail = make_mail(Mail(transport="file", directory=tmp_path / "out", sender="shop@corp.com"))
    for subject in ("One", "Two"):
        asyncio.run(mail.send(to="a@corp.com", subject=subject, text=TEXT))
    files = sorted((tmp_path / "out").iterdir())
    assert [path.suffix for path in files] == [".eml", ".eml"]
    messages = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in files]
    assert [message["subject"] for message in messages] == ["One", "Two"]
    assert messages[0].get_content().replace("\r\n", "\n") == TEXT
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(MailFailed):
        asyncio.run(
            FileMail("s@corp.com", tmp_path / "out").send(to="a@corp.com", subject="x", text="y")
        )


def test_a_server_on_loopback_gets_the_message() -> None:
    with smtp_server(b"250 test\r\n") as (port, heard):
        settings = Mail(transport="smtp", host="127.0.0.1", port=port, tls="off", sender="s@c.com")
        asyncio.run(make_mail(settings).send(to="a@corp.com", subject="Hello", text="..\nBcc: x"))
    assert b"mail FROM:<s@c.com>" in heard[1]
    assert heard[2].upper().startswith(b"RCPT TO:<A@CORP.COM>")
    assert b"Auto-Submitted: auto-generated\r\n" in heard
    assert not [line for line in heard[: heard.index(b"\r\n")] if b"Bcc" in line]


def test_no_mail_goes_out_where_the_server_offers_no_tls() -> None:
    with smtp_server(b"250 test\r\n") as (port, heard):
        mail = SMTPMail(Mail(transport="smtp", host="127.0.0.1", port=port, tls="starttls"))
        with pytest.raises(MailFailed) as failure:
            asyncio.run(mail.send(to="a@corp.com", subject="Hello", text=TEXT))
    assert "a@corp.com" not in str(failure.value)
    assert not [line for line in heard if b"corp.com" in line]


@pytest.mark.parametrize(
    "settings",
    [
        Mail(transport="smtp", host="mail.example", tls="off"),
        Mail(transport="smtp", host=""),
        Mail(transport="file"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: Mail) -> None:
    with pytest.raises(ValueError, match="mail"):
        make_mail(settings)
