"""A copied database, backup or log shows no secret, and opens nothing without the sealing key."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2
import pytest
from tests.support.canaries import Canaries
from tests.support.gateway import free_port, run_vallum
from tests.support.postgres import postgres_url
from tests.support.provider import form_of
from tests.support.signing_in import Deployment, deploy, submit
from tests.support.waiting import eventually

from vallum.core.secret import Secret
from vallum.identity.people.totp import code_at, step_at
from vallum.vault.sealing import Sealer

PASSWORD = "canary passphrase of Zoë: 7 & <otters>"
WRONG_PASSWORD = "canary that was never right, mistyped"
NEW_PASSWORD = "canary passphrase that came by mail"
PROVIDER_SECRET = "canary/secret+of our client@google"
EMAIL = "zoe.canary@shop.example"
VERIFIER = "canary-verifier-of-an-application-0123456789-abc"


@dataclass
class Life:
    """A deployment in which everything has happened that leaves a secret behind."""

    deployment: Deployment
    database: str
    """Its URL, or empty for SQLite."""
    canaries: Canaries = field(default_factory=Canaries)
    client: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Of the deployment."""
        return self.deployment.folder

    @property
    def seal(self) -> Path:
        """The file of the sealing key."""
        return self.folder / "var/vallum.db.seal"

    def live(self) -> None:
        """All of it."""
        with self.deployment.http() as browser:
            self._sign_up(browser)
            self._add_factor(browser)
            self._use_an_application(browser)
            self._keep_cookies(browser)
        self._machines()
        self._mails()
        self._keys()

    def _sign_up(self, browser: httpx2.Client) -> None:
        issuer = self.deployment.issuer
        page = browser.get("/sign-up").text
        submit(browser, issuer, page, name="Zoë", email=EMAIL, password=PASSWORD)
        link = self.deployment.mailed_link(EMAIL)
        self.canaries.add("link of a mail", _query(link, "ticket"))
        done = submit(browser, issuer, browser.get(link).text, password=PASSWORD)
        assert done.headers["location"] == "/account", done.text
        self.canaries.add("password", PASSWORD)
        with self.deployment.http() as stranger:
            page = stranger.get("/sign-in").text
            submit(stranger, issuer, page, email=EMAIL, password=WRONG_PASSWORD)
        self.canaries.add("mistyped password", WRONG_PASSWORD)

    def _add_factor(self, browser: httpx2.Client) -> None:
        issuer = self.deployment.issuer
        page = browser.get("/account/factors/add").text
        action, fields = form_of(page.partition("</nav>")[2])
        page = browser.post(action, data=fields, headers={"origin": issuer}).text
        words = re.search(r'class="code">([A-Z2-7 ]+)<', page)
        assert words is not None, page
        text = words[1].replace(" ", "")
        seed = base64.b32decode(text)
        self.canaries.add("TOTP seed", seed)
        self.canaries.add("TOTP seed in words", words[1])
        code = code_at(seed, step_at(self._now()))
        page = submit(browser, issuer, page, code=code).text
        codes = re.findall(r'<li class="code">([^<]+)<', page)
        assert len(codes) == 10, page
        for each in codes:
            self.canaries.add("recovery code", each)
            self.canaries.add("recovery code", each.replace("-", ""))

    def _use_an_application(self, browser: httpx2.Client) -> None:
        self.client = self.deployment.run(
            *("clients", "create", "Desk", "--kind", "web"),
            *("--redirect-uri", "https://desk.example/cb"),
            *("--scope", "openid", "--scope", "offline_access", "--scope", "orders:read"),
        )
        self.canaries.add("client secret", self.client["client_secret"])
        pushed = self._post("/oauth/par", **self._request()).json()
        self.canaries.add("pushed request", pushed["request_uri"].rpartition(":")[2])
        self._post("/oauth/par", **self._request())
        answer = browser.get(
            "/oauth/authorize",
            params={"client_id": self.client["id"], "request_uri": pushed["request_uri"]},
        )
        while not answer.text:
            self._keep_flow(answer)
            answer = browser.get(answer.headers["location"])
        assert "Allow" in answer.text
        action, fields = form_of(answer.text)
        answer = browser.post(
            action,
            data={**fields, "decision": "allow"},
            headers={"origin": self.deployment.issuer},
        )
        code = _query(answer.headers["location"], "code")
        self.canaries.add("code", code)
        tokens = self._post(
            "/oauth/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri="https://desk.example/cb",
            code_verifier=VERIFIER,
        ).json()
        self.canaries.add("code verifier", VERIFIER)
        for _ in range(2):
            self._keep_tokens(tokens)
            form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            tokens = self._post("/oauth/token", **form).json()
        self._keep_tokens(tokens)
        with self.deployment.http() as caller:
            bearer = {"authorization": f"Bearer {tokens['access_token']}"}
            assert caller.get("/orders", headers=bearer).status_code == 200

    def _request(self) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=")
        return {
            "response_type": "code",
            "redirect_uri": "https://desk.example/cb",
            "scope": "openid offline_access orders:read",
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }

    def _post(self, path: str, **form: str) -> httpx2.Response:
        with self.deployment.http() as http:
            auth = (self.client["id"], self.client["client_secret"])
            answer = http.post(path, data=form, auth=auth)
        assert answer.status_code in (200, 201), answer.text
        return answer

    def _keep_tokens(self, tokens: dict[str, Any]) -> None:
        self.canaries.add("refresh token", tokens["refresh_token"])
        for name in ("access_token", "id_token"):
            if name in tokens:
                self.canaries.add(name, tokens[name])
                self.canaries.add(f"signature of {name}", tokens[name].rpartition(".")[2])

    def _keep_flow(self, answer: httpx2.Response) -> None:
        if "flow=" in answer.headers["location"]:
            self.canaries.add("flow", _query(answer.headers["location"], "flow"))

    def _keep_cookies(self, browser: httpx2.Client) -> None:
        names = [cookie.name for cookie in browser.cookies.jar]
        assert sorted(names) == [
            f"__Host-vallum-{each}" for each in ("browser", "device", "session")
        ]
        for cookie in browser.cookies.jar:
            assert cookie.value is not None
            self.canaries.add(cookie.name, cookie.value)

    def _machines(self) -> None:
        robot = self.deployment.run(
            "clients", "create", "Robot", "--kind", "service", "--scope", "orders:read"
        )
        self.canaries.add("secret of a service", robot["client_secret"])
        with self.deployment.http() as http:
            auth = (robot["id"], robot["client_secret"])
            form = {"grant_type": "client_credentials"}
            token = http.post("/oauth/token", data=form, auth=auth).json()["access_token"]
            self.canaries.add("token of a service", token)
            television = self.deployment.run(
                "clients", "create", "Television", "--kind", "native", "--scope", "orders:read",
                "--redirect-uri", "http://127.0.0.1/callback",
            )  # fmt: skip
            form = {"client_id": television["id"]}
            asked = http.post("/oauth/device_authorization", data=form).json()
        self.canaries.add("device code", asked["device_code"])
        self.canaries.add("user code", asked["user_code"])
        key = run_vallum("keys", "create", "old", "-c", "vallum.yaml", folder=self.folder)
        self.canaries.add("API key", key.stdout.strip())

    def _mails(self) -> None:
        """A link that was used, and one that was not."""
        issuer = self.deployment.issuer
        for is_used in (True, False):
            with self.deployment.http() as browser:
                known = self._reset_links()
                submit(browser, issuer, browser.get("/account/reset").text, email=EMAIL)
                (link,) = self._new_links(known)
                self.canaries.add("link for a new password", _query(link, "ticket"))
                if is_used:
                    page = browser.get(link).text
                    answer = submit(browser, issuer, page, password=NEW_PASSWORD)
                    assert answer.status_code == 303, answer.text
                    self._keep_flow(answer)
        self.canaries.add("new password", NEW_PASSWORD)

    def _reset_links(self) -> set[str]:
        texts = [mail.get_content() for mail in self.deployment.mails()]
        return {link for text in texts for link in re.findall(r"https://\S+/choose\?\S+", text)}

    def _new_links(self, known: set[str]) -> set[str]:
        eventually(lambda: self._reset_links() != known, "the mail")
        return self._reset_links() - known

    def _keys(self) -> None:
        key = bytes.fromhex(self.seal.read_text().strip())
        self.canaries.add("sealing key", key)
        sealer = Sealer(Secret(key))
        self.canaries.add("key that seals", sealer.derive(b"seal").reveal())
        for kid, sealed in self._signing_keys():
            private = json.loads(sealer.open(sealed, f"signing_keys.private/{kid}"))
            self.canaries.add("signing key", private["d"])
        self.canaries.add("our secret at another provider", PROVIDER_SECRET)

    def _signing_keys(self) -> list[tuple[str, bytes]]:
        query = "SELECT kid, {} FROM signing_keys"
        if not self.database:
            with closing(sqlite3.connect(self.folder / "var/identity.db")) as database:
                return database.execute(query.format("private_sealed")).fetchall()
        command = ["psql", "-At", "-c", query.format("encode(private_sealed, 'hex')"), _libpq(self)]
        rows = _output(command).decode().split()
        return [(kid, bytes.fromhex(text)) for kid, _, text in (row.partition("|") for row in rows)]

    def _now(self) -> float:
        return float(_output(["date", "+%s"]))

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Everything that was written anywhere, but what must hold one secret alone."""
        its_own = {self.seal, self.folder / "google.secret"}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path not in its_own and path.parent.name != "mail":
                yield str(path.relative_to(self.folder)), path.read_bytes()
        yield "what it printed", "".join(self.deployment.gateway.output).encode()
        yield "a backup", self._backup()

    def _backup(self) -> bytes:
        if self.database:
            return _output(["pg_dump", _libpq(self)])
        copy = self.folder.parent / f"{uuid4().hex}.db"
        with (
            closing(sqlite3.connect(self.folder / "var/identity.db")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return copy.read_bytes()


def _query(url: str, name: str) -> str:
    (value,) = parse_qs(urlsplit(url).query)[name]
    return value


def _libpq(life: Life) -> str:
    return life.database


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def life(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    """One that was lived, on each kind of database; still running."""
    database = ""
    if request.param == "postgresql":
        database = postgres_url(f"t{uuid4().hex}")
        if shutil.which("pg_dump") is None:
            pytest.skip("pg_dump is not installed")
    folder = tmp_path_factory.mktemp("life")
    (folder / "google.secret").write_text(f"{PROVIDER_SECRET}\n")
    identity = (
        "  providers:\n    google: {label: Google, insecure_http: true, "
        f"issuer: 'http://127.0.0.1:{free_port()}', client_id: us, client_secret: google.secret}}\n"
    )
    if database:
        identity += f"  database: {database}\n"
    with ExitStack() as stack:
        running = Life(deploy(folder, stack, workers=1, identity=identity), database)
        running.live()
        yield running


def test_b229_a_copy_of_everything_that_was_kept_shows_no_secret(life: Life) -> None:
    found = {
        name: secrets for name, data in life.kept() if (secrets := life.canaries.found_in(data))
    }
    assert not found


def test_the_search_would_have_found_them(life: Life) -> None:
    """What may stand there stands there, so the search has looked at the right places."""
    everything = dict(life.kept())
    assert EMAIL.encode() in everything["a backup"]
    assert any(b"sign-in.failed" in data for name, data in everything.items() if "records" in name)
    known = Canaries()
    known.add("address", EMAIL)
    assert known.found_in(everything["a backup"]) == {"address"}
    assert known.found_in(base64.b64encode(b"ab" + EMAIL.encode() + b"c")) == {"address"}


def test_files_with_secrets_are_their_owners_alone(life: Life) -> None:
    open_to_others = [
        str(path.relative_to(life.folder))
        for pattern in ("var/identity.db*", "var/vallum.db*", "mail/*", "records/*")
        for path in life.folder.glob(pattern)
        if path.is_file() and path.suffix != ".jwks" and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
    assert life.seal.stat().st_mode & 0o777 == 0o600


def test_with_another_sealing_key_nothing_starts(life: Life, tmp_path: Path) -> None:
    for path in ("vallum.yaml", "openapi.json", "google.secret"):
        shutil.copy(life.folder / path, tmp_path / path)
    shutil.copytree(life.folder / "var", tmp_path / "var")
    seal = tmp_path / "var/vallum.db.seal"
    another = sha256(b"another key").hexdigest()
    seal.write_text(f"{another}\n")
    for command in (("up", "--listen", "127.0.0.1:0"), ("clients", "list")):
        done = run_vallum(*command, "-c", "vallum.yaml", folder=tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode != 0, said
        assert "Traceback" not in said
        assert "sealing key" in said
        assert another not in said
        assert life.canaries.found_in(said.encode()) == set()
