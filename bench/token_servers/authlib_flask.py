"""Authlib's authorization server in Flask, put together as its documentation shows.

`client_secret_basic`, JWT access tokens (RFC 9068) with ES256, clients (and, where asked for,
tokens) in SQLite through its SQLAlchemy integration.

Made for gunicorn: `token_servers.authlib_flask:make()`; the environment says where and how.
"""

from __future__ import annotations

import os
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, Response
from joserfc.jwk import ECKey
from sqlalchemy import Integer, create_engine, event
from sqlalchemy.orm import DeclarativeBase, mapped_column, scoped_session, sessionmaker

from token_servers.common import API, CLIENT, ISSUER, LIFE, SCOPES, SECRET


class Base(DeclarativeBase):
    """The tables."""


class Client(Base, OAuth2ClientMixin):  # type: ignore[misc]  # Authlib has no types.
    """A client."""

    __tablename__ = "oauth2_client"
    id = mapped_column(Integer, primary_key=True)


class Token(Base, OAuth2TokenMixin):  # type: ignore[misc]  # Authlib has no types.
    """A token."""

    __tablename__ = "oauth2_token"
    id = mapped_column(Integer, primary_key=True)
    user_id = mapped_column(Integer)


class Generator(JWTBearerTokenGenerator):  # type: ignore[misc]  # Authlib has no types.
    """Access tokens of RFC 9068."""

    _key = ECKey.generate_key("P-256", parameters={"kid": "k"})

    def get_jwks(self) -> Any:
        """The key that signs."""
        return {"keys": [self._key.as_dict(private=True)]}

    def get_audiences(self, client: Any, user: Any, scope: Any) -> str:
        """The API."""
        return API


def make() -> Flask:
    """The application; `BENCH_SAVES` says whether tokens are kept too."""
    engine = create_engine(f"sqlite:///{os.environ['BENCH_FOLDER']}/authlib.db")
    event.listen(engine, "connect", _prepare)
    Base.metadata.create_all(engine)
    session = scoped_session(sessionmaker(bind=engine))
    if session.query(Client).count() == 0:
        session.add(_client())
        session.commit()
    session.remove()
    app = Flask("authlib")
    app.config["OAUTH2_SCOPES_SUPPORTED"] = list(SCOPES)
    saves = os.environ.get("BENCH_SAVES") == "yes"
    server = AuthorizationServer(
        app,
        query_client=create_query_client_func(session, Client),
        save_token=create_save_token_func(session, Token) if saves else _forget,
    )
    server.register_grant(grants.ClientCredentialsGrant)
    server.register_token_generator(
        "default", Generator(ISSUER, alg="ES256", expires_generator=lambda *_: LIFE)
    )

    @app.post("/oauth/token")
    def token() -> Response:
        answer: Response = server.create_token_response()
        return answer

    @app.teardown_appcontext
    def close(_: object) -> None:
        session.remove()

    return app


def _client() -> Client:
    client = Client(client_id=CLIENT, client_secret=SECRET, client_id_issued_at=int(time.time()))
    client.set_client_metadata(
        {
            "grant_types": ["client_credentials"],
            "scope": " ".join(SCOPES),
            "token_endpoint_auth_method": "client_secret_basic",
        }
    )
    return client


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _forget(token: Any, request: Any) -> None:
    """JWTs need not be kept; Vallum keeps none of a client's own either."""
