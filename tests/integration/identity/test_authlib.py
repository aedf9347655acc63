"""Every flow that Authlib knows, with Authlib's own client, through the real gateway."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from tests.support.everywhere import BOUND_SECONDS, seconds_until_refused, status
from tests.support.signing_in import Deployment
from tests.support.visiting import Visitor, visitor

_CALLBACK = "https://app.example/callback"
_SCOPE = "openid profile email offline_access orders:read"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_VERIFIER = "v" * 64


def _scopes(text: str) -> list[str]:
    return [word for scope in text.split() for word in ("--scope", scope)]


def _client(deployment: Deployment, made: dict[str, Any], **more: Any) -> OAuth2Client:
    """Authlib's client for a registered one."""
    return OAuth2Client(
        client_id=made["id"],
        client_secret=more.pop("client_secret", made.get("client_secret")),
        verify=deployment.context(),
        **more,
    )


@pytest.fixture(scope="module")
def metadata(deployment: Deployment) -> dict[str, Any]:
    """What the provider says about itself."""
    with deployment.http() as http:
        found: dict[str, Any] = http.get("/.well-known/openid-configuration").json()
    return found


@pytest.fixture(scope="module")
def web(deployment: Deployment) -> dict[str, Any]:
    """A web application with a secret."""
    made: dict[str, Any] = deployment.run(
        *("clients", "create", "Web shop", "--kind", "web", "--redirect-uri", _CALLBACK),
        *_scopes(_SCOPE),
    )
    return made


@pytest.fixture(scope="module")
def ada(deployment: Deployment) -> Iterator[Visitor]:
    """A person at a browser."""
    with visitor(deployment, "ada@shop.example") as person:
        yield person


@contextmanager
def _signed_in(
    deployment: Deployment, metadata: dict[str, Any], web: dict[str, Any], person: Visitor
) -> Iterator[OAuth2Client]:
    """Authorization code with PKCE; the client holds the tokens."""
    with _client(
        deployment, web, redirect_uri=_CALLBACK, scope=_SCOPE, code_challenge_method="S256"
    ) as client:
        _fetch(client, metadata, person)
        yield client


def _fetch(client: OAuth2Client, metadata: dict[str, Any], person: Visitor) -> None:
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=_VERIFIER, nonce="n-1"
    )
    back = person.visit(url)
    assert back.startswith(f"{_CALLBACK}?")
    client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=back,
        state=state,
        code_verifier=_VERIFIER,
    )


def test_both_documents_describe_one_provider(
    deployment: Deployment, metadata: dict[str, Any]
) -> None:
    assert metadata["issuer"] == deployment.issuer
    with deployment.http() as http:
        other = http.get("/.well-known/oauth-authorization-server").json()
        assert other == metadata
        for name, url in metadata.items():
            if name.endswith(("_endpoint", "_uri")):
                assert url.startswith(f"{deployment.issuer}/"), name
                # Everything that it names is there, whatever it thinks of this request.
                assert http.get(url).status_code not in (404, 500, 502), name


def test_code_with_pkce_id_token_and_userinfo(
    deployment: Deployment, metadata: dict[str, Any], web: dict[str, Any], ada: Visitor
) -> None:
    with _signed_in(deployment, metadata, web, ada) as client:
        token = client.token
        keys = KeySet.import_key_set(client.get(metadata["jwks_uri"], auth=None).json())
        decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": deployment.issuer},
                "aud": {"essential": True, "value": web["id"]},
                "nonce": {"value": "n-1"},
            },
            params={"nonce": "n-1", "client_id": web["id"], "access_token": token["access_token"]},
        )
        claims.validate(leeway=5)
        answer = client.get(metadata["userinfo_endpoint"])
        assert answer.status_code == 200, answer.text
        about = answer.json()
        assert about["sub"] == claims["sub"]
        assert about["email"] == "ada@shop.example"
        assert client.get(f"{deployment.api}/orders").status_code == 200
        assert client.post(f"{deployment.api}/orders").status_code == 403


def test_who_does_not_agree_sends_no_code(
    deployment: Deployment, metadata: dict[str, Any], web: dict[str, Any], ada: Visitor
) -> None:
    with _client(
        deployment, web, redirect_uri=_CALLBACK, scope="openid", code_challenge_method="S256"
    ) as client:
        url, _ = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=_VERIFIER, prompt="consent"
        )
        back = ada.visit(url, decision="refuse")
    assert "error=access_denied" in back
    assert "code=" not in back


def test_refresh_tokens_rotate_and_an_old_one_ends_the_family(
    deployment: Deployment, metadata: dict[str, Any], web: dict[str, Any], ada: Visitor
) -> None:
    endpoint = metadata["token_endpoint"]
    with _signed_in(deployment, metadata, web, ada) as client:
        first = dict(client.token)
        second = dict(client.refresh_token(endpoint, refresh_token=first["refresh_token"]))
        assert second["refresh_token"] != first["refresh_token"]
        third = dict(client.refresh_token(endpoint, refresh_token=second["refresh_token"]))
        assert status(deployment, third["access_token"]) == 200
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(endpoint, refresh_token=first["refresh_token"])
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(endpoint, refresh_token=third["refresh_token"])
    seconds = seconds_until_refused(deployment, third["access_token"])
    print(f"a replayed refresh token: the family is refused everywhere after {seconds:.2f} s")
    assert seconds < BOUND_SECONDS


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_with_a_secret(
    deployment: Deployment, metadata: dict[str, Any], method: str
) -> None:
    made = deployment.run(
        *("clients", "create", "Report", "--kind", "service", "--scope", "orders:read"),
        *("--auth-method", method),
    )
    with _client(deployment, made, token_endpoint_auth_method=method) as client:
        client.fetch_token(
            metadata["token_endpoint"], grant_type="client_credentials", scope="orders:read"
        )
        assert client.get(f"{deployment.api}/orders").status_code == 200
    wrong = "client_secret_post" if method == "client_secret_basic" else "client_secret_basic"
    with (
        _client(deployment, made, token_endpoint_auth_method=wrong) as client,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")


def test_client_credentials_with_a_key(deployment: Deployment, metadata: dict[str, Any]) -> None:
    key = ECKey.generate_key("P-256", {"kid": "report-1", "use": "sig", "alg": "ES256"})
    path = deployment.folder / "report.jwks"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    made = deployment.run(
        *("clients", "create", "Report", "--kind", "service", "--scope", "orders:read"),
        *("--auth-method", "private_key_jwt", "--jwks", str(path)),
    )
    with _client(
        deployment, made, client_secret=key, token_endpoint_auth_method="private_key_jwt"
    ) as client:
        # Authlib's assertions live for an hour unless one says otherwise; ours must be short.
        for life, is_good in ((3600, False), (60, True)):
            claims = {"exp": int(time.time()) + life, "jti": f"assertion-{life}"}
            signer = PrivateKeyJWT(deployment.issuer, claims=claims, alg="ES256")
            client.register_client_auth_method(signer)
            if not is_good:
                with pytest.raises(OAuthError, match="invalid_client"):
                    client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
                continue
            client.fetch_token(
                metadata["token_endpoint"], grant_type="client_credentials", scope="orders:read"
            )
        assert client.get(f"{deployment.api}/orders").status_code == 200


def test_introspection_and_revocation(
    deployment: Deployment, metadata: dict[str, Any], web: dict[str, Any], ada: Visitor
) -> None:
    def active(client: OAuth2Client, token: str) -> bool:
        answer = client.introspect_token(metadata["introspection_endpoint"], token=token)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["active"])

    with _signed_in(deployment, metadata, web, ada) as client:
        access, refresh = client.token["access_token"], client.token["refresh_token"]
        assert active(client, access)
        assert active(client, refresh)
        assert status(deployment, access) == 200
        answer = client.revoke_token(
            metadata["revocation_endpoint"], token=access, token_type_hint="access_token"
        )
        assert answer.status_code == 200
        seconds = seconds_until_refused(deployment, access)
        print(f"a revoked access token is refused everywhere after {seconds:.2f} s")
        assert seconds < BOUND_SECONDS
        assert not active(client, access)
        assert client.get(metadata["userinfo_endpoint"]).status_code == 401
        again = client.refresh_token(metadata["token_endpoint"], refresh_token=refresh)
        assert status(deployment, again["access_token"]) == 200
        client.revoke_token(metadata["revocation_endpoint"], token=again["refresh_token"])
        seconds = seconds_until_refused(deployment, again["access_token"])
        print(f"a revoked refresh token takes its access tokens along after {seconds:.2f} s")
        assert seconds < BOUND_SECONDS
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(metadata["token_endpoint"], refresh_token=again["refresh_token"])


def test_a_device(deployment: Deployment, metadata: dict[str, Any], ada: Visitor) -> None:
    made = deployment.run(
        *("clients", "create", "Television", "--kind", "native"),
        *("--redirect-uri", "http://127.0.0.1/callback", *_scopes("openid orders:read")),
    )
    with _client(deployment, made, token_endpoint_auth_method="none") as client:

        def begin() -> Any:
            answer = client.post(
                metadata["device_authorization_endpoint"],
                data={"client_id": made["id"], "scope": "openid orders:read"},
                auth=None,
            )
            assert answer.status_code == 200, answer.text
            return answer.json()

        def fetch(device: Any) -> Any:
            return client.fetch_token(
                metadata["token_endpoint"], grant_type=_DEVICE, device_code=device["device_code"]
            )

        waiting, confirmed, denied = begin(), begin(), begin()
        for error in ("authorization_pending", "slow_down"):
            with pytest.raises(OAuthError, match=error):
                fetch(waiting)
        ada.visit(denied["verification_uri_complete"], decision="refuse")
        with pytest.raises(OAuthError, match="access_denied"):
            fetch(denied)
        ada.visit(confirmed["verification_uri_complete"])
        fetch(confirmed)
        assert client.get(f"{deployment.api}/orders").status_code == 200
