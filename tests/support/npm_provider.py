"""The OpenID provider of npm, dressed like Google, in a process of its own on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.npm import node_packages
from tests.support.signing_in import Deployment

CLIENT_ID: Final = "bookshop.apps.example"
CLIENT_SECRET: Final = "a client secret & more"
_PACKAGE: Final = "oidc-provider@9.13.3"
_SCRIPT: Final = Path(__file__).resolve().parents[1] / "node" / "openid_provider.mjs"


def google_settings(folder: Path, port: int) -> str:
    """The lines of a policy about it; skips the calling test where npm cannot install it."""
    node_packages(_PACKAGE)
    (folder / "google.secret").write_text(f"{CLIENT_SECRET}\n")
    return (
        "  providers:\n    google: {label: Google, insecure_http: true, "
        f"issuer: 'http://127.0.0.1:{port}', client_id: {CLIENT_ID}, "
        "client_secret: google.secret}\n"
    )


@contextmanager
def running_google(deployment: Deployment, port: int, *, in_id_token: bool) -> Iterator[None]:
    """The provider; whoever comes to its page with `?as=ann` is Ann."""
    settings = {
        "modules": str(node_packages(_PACKAGE)),
        "port": port,
        "redirect_uri": f"{deployment.issuer}/sign-in/callback/google",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "in_id_token": in_id_token,
    }
    process = subprocess.Popen(
        ["node", str(_SCRIPT), json.dumps(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)
