"""How mail leaves: to the console, into a folder, or by SMTP."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path
from secrets import token_hex
from threading import BoundedSemaphore
from typing import Final, TextIO

from vallum.config.provider import Mail
from vallum.identity.people.addresses import BadAddress, canonical_address
from vallum.identity.services import MailTransport
from vallum.store.whole_file import drafted
from vallum.wire.authority import is_this_machine

_TIMEOUT_SECONDS: Final = 20.0
_MOST_WAITING: Final = 200


class MailFailed(Exception):  # noqa: N818  (named for what it says about the mail)
    """Nobody took the message. The text names neither the person nor what was in it."""


def make_mail(settings: Mail) -> MailTransport:
    """The transport that the policy names.

    Raises:
        ValueError: it cannot work, or would send secrets in clear.
    """
    match settings.transport:
        case "console":
            return ConsoleMail(settings.sender)
        case "file":
            if settings.directory is None:
                raise ValueError("mail into files needs a `directory`")
            return FileMail(settings.sender, settings.directory)
        case "smtp":
            return SMTPMail(settings)


def compose(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """One message of plain text to one person.

    Raises:
        MailFailed: the address or a header cannot be written in one way only (header injection).
    """
    message = EmailMessage(policy=SMTP)
    try:
        if canonical_address(to) != to:
            raise MailFailed("an address is not canonical")
        message["From"] = sender
        message["To"] = Address(addr_spec=to)
        message["Subject"] = subject  # A line break in it raises.
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=_domain(sender))
        # RFC 3834: no robot is to answer.
        message["Auto-Submitted"] = "auto-generated"
    except BadAddress:
        raise MailFailed("an address cannot be written to") from None
    except ValueError as error:
        raise MailFailed("a header cannot be written") from error
    message.set_content(text)
    return message


class ConsoleMail:
    """Prints mail, for development: links in it work, so nobody else may read along."""

    def __init__(self, sender: str, stream: TextIO | None = None) -> None:
        self._sender = sender
        self._stream = stream

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Print one message."""
        message = compose(self._sender, to, subject, text)
        stream = self._stream or sys.stderr
        stream.write(f"To: {message['To']}\nSubject: {message['Subject']}\n\n{text}\n")
        stream.flush()


class FileMail:
    """Writes each message to a file of its own, `.eml`, readable by its owner only."""

    def __init__(self, sender: str, directory: Path) -> None:
        self._sender = sender
        self._directory = directory

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Write one message."""
        message = compose(self._sender, to, subject, text)
        await asyncio.to_thread(self._write, bytes(message))

    def _write(self, message: bytes) -> None:
        name = token_hex(8)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with drafted(self._directory / name, message) as draft:
                # In the order of their time.
                draft.rename(self._directory / f"{draft.stat().st_mtime_ns}-{name}.eml")
        except OSError as error:
            raise MailFailed(f"the folder for mail: {error.strerror}") from error


class SMTPMail:
    """Hands mail to a server, in a bounded pool of threads; over TLS unless it is on loopback."""

    def __init__(self, settings: Mail) -> None:
        """
        Args:
            settings: with the server's address.

        Raises:
            ValueError: without TLS to another machine: links that open accounts would go in clear.
        """
        if not settings.host:
            raise ValueError("mail by SMTP needs a `host`")
        if settings.tls == "off" and not is_this_machine(settings.host):
            raise ValueError("mail by SMTP needs TLS, but for a server on loopback")
        self._settings = settings
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="mail")
        self._places = BoundedSemaphore(_MOST_WAITING)

    async def send(self, *, to: str, subject: str, text: str) -> None:
        """Hand one message over.

        Raises:
            MailFailed: the server did not take it.
        """
        message = compose(self._settings.sender, to, subject, text)
        if not self._places.acquire(blocking=False):
            raise MailFailed("too many messages are waiting for the mail server")
        future = self._pool.submit(self._hand_over, message)
        future.add_done_callback(lambda _: self._places.release())
        await asyncio.wrap_future(future)

    def _hand_over(self, message: EmailMessage) -> None:
        settings = self._settings
        context = ssl.create_default_context()
        try:
            if settings.tls == "implicit":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=_TIMEOUT_SECONDS, context=context
                )
            else:
                server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT_SECONDS)
            with server:
                if settings.tls == "starttls":
                    server.starttls(context=context)
                if settings.password_file is not None:
                    password = settings.password_file.read_text("utf-8").strip("\r\n")
                    server.login(settings.username, password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # Its text may hold the address or what the server says about it.
            raise MailFailed(f"the mail server: {type(error).__name__}") from error


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("> ") or "localhost"
