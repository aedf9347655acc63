"""Signing in with a password in Flask, put together as the documentation of its parts shows.

Flask's signed cookie holds the form token; SQLAlchemy's ORM keeps people, failures, sessions and
what happened; argon2-cffi verifies. In the order of Vallum's own page: the form token, the attempt
counted as a failure before the hash is looked at, the password, the failure taken back, a session
under the hash of a random cookie, an event, 303.

Made for gunicorn: `token_servers.flask_sign_in:make()`; the environment says where.
"""

from __future__ import annotations

import os
import time
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask, Response, abort, redirect, render_template_string, request, session
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from token_servers.common import EMAIL, PASSWORD, argon2_cost

_PAGE = """<!doctype html><title>Sign in</title><h1>Sign in</h1>
<form method="post" action="/sign-in">
<input type="hidden" name="csrf" value="{{ csrf }}">
<label>E-mail <input name="email" type="email" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form>"""
_FREE = 20
_LIFE = 12 * 3600.0


class Base(DeclarativeBase):
    """The tables."""


class User(Base):
    """Who can sign in."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    last_sign_in: Mapped[float | None]


class Failures(Base):
    """Attempts that have not succeeded, by account and by source."""

    __tablename__ = "failures"
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last: Mapped[float]


class SignedIn(Base):
    """A session of a browser."""

    __tablename__ = "signed_in"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    created: Mapped[float]
    expires: Mapped[float]
    address: Mapped[str]
    agent: Mapped[str]


class Audit(Base):
    """What happened."""

    __tablename__ = "audit"
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(index=True)
    kind: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(index=True)
    address: Mapped[str]


def make() -> Flask:
    """The application."""
    engine = create_engine(f"sqlite:///{os.environ['BENCH_FOLDER']}/sign_in.db")
    event.listen(engine, "connect", _prepare)
    Base.metadata.create_all(engine)
    database = scoped_session(sessionmaker(bind=engine))
    memory, passes = argon2_cost()
    hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=1)
    if database.scalar(select(User)) is None:
        database.add(User(id=token_hex(16), email=EMAIL, password_hash=hasher.hash(PASSWORD)))
        database.commit()
    database.remove()
    app = Flask("sign_in")
    app.secret_key = token_hex(32)

    @app.get("/sign-in")
    def show() -> str:
        session.setdefault("csrf", token_urlsafe(32))
        return render_template_string(_PAGE, csrf=session["csrf"])

    @app.post("/sign-in")
    def send() -> Any:
        if not compare_digest(request.form.get("csrf", ""), session.get("csrf") or token_hex()):
            abort(403)
        email, address = request.form.get("email", ""), request.remote_addr or "unknown"
        keys = (f"account {email}", f"source {address}")
        if not _count(database(), keys):
            abort(429)
        user = database.scalar(select(User).where(User.email == email))
        if user is None or not _is_right(hasher, user, request.form.get("password", "")):
            database.add(_audit("sign-in.failed", None if user is None else user.id, address))
            database.commit()
            abort(400)
        return _signed_in(database(), user, keys, address)

    @app.teardown_appcontext
    def close(_: object) -> None:
        database.remove()

    return app


def _count(database: Session, keys: tuple[str, ...]) -> bool:
    """Count one failure more; whether there were not too many."""
    is_open = True
    for key in keys:
        row = database.get(Failures, key, with_for_update=True)
        if row is None:
            row = Failures(key=key, count=0, last=0.0)
            database.add(row)
        is_open = is_open and row.count < _FREE
        row.count, row.last = row.count + 1, time.time()
    database.commit()
    return is_open


def _is_right(hasher: PasswordHasher, user: User, password: str) -> bool:
    try:
        return bool(hasher.verify(user.password_hash, password))
    except VerifyMismatchError:
        return False


def _signed_in(database: Session, user: User, keys: tuple[str, ...], address: str) -> Any:
    for key in keys:
        row = database.get(Failures, key, with_for_update=True)
        if row is not None:
            row.count = 0
    token, now = token_urlsafe(32), time.time()
    user.last_sign_in = now
    database.add(
        SignedIn(
            hash=sha256(token.encode()).digest(),
            user_id=user.id,
            created=now,
            expires=now + _LIFE,
            address=address,
            agent=request.headers.get("user-agent", "")[:200],
        )
    )
    database.add(_audit("sign-in.ok", user.id, address))
    database.commit()
    answer: Response = redirect("/account", 303)  # type: ignore[assignment]
    answer.set_cookie("__Host-session", token, secure=True, httponly=True, samesite="Lax")
    return answer


def _audit(kind: str, user_id: str | None, address: str) -> Audit:
    return Audit(id=token_hex(16), at=time.time(), kind=kind, user_id=user_id, address=address)


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # As Vallum: who was told of a session has it.
    cursor.close()
