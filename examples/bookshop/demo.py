"""The demo: the bookshop behind the gateway: API keys, six commands to paste, a page to sign in to.

`make run` starts it. With `--check` it runs the six commands itself, verifies what they answer,
and ends.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from uuid import NAMESPACE_URL, uuid5

HERE = Path(__file__).resolve().parent
VALLUM = str(Path(sysconfig.get_path("scripts")) / "vallum")
ROLES = ("reader", "customer", "admin")
START_SECONDS = 60.0
CUSTOMER = uuid5(NAMESPACE_URL, "https://bookshop.example/customer/0")
"""As data.py names the first one."""
PERSON = "ada@bookshop.example"
CA = Path("var/tls/ca.pem")
"""Where `tls: local` keeps its CA, beside the state."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command to paste."""

    title: str
    command: str
    expect: str
    """In words, for the reader."""
    statuses: list[str]
    """What `--check` wants to see, in order."""
    shows: str = ""
    """A text that `--check` wants in what comes back."""
    hides: str = ""
    """A text that must not come back."""


def steps(base: str, home: Path) -> list[Step]:
    """The six commands. Keys come from files, so that no process list and no history has them."""
    curl = f"curl -sS --cacert {home / CA}"
    with_key = {role: f"{curl} -H @{home / role}" for role in ROLES}
    order = '{"customer_id": "me", "lines": [{"isbn": "123", "quantity": 0}], "total": 0}'
    return [
        Step(
            title="1. A reader searches the catalogue",
            command=rf"{with_key['reader']} -iw '\n' '{base}/search?q=marsh'",
            expect="200 and two books",
            statuses=["200"],
        ),
        Step(
            title="2. The same without a key",
            command=rf"{curl} -iw '\n' '{base}/search?q=marsh'",
            expect="401 and a challenge; the bookshop never hears of it",
            statuses=["401"],
        ),
        Step(
            title="3. A customer's order that breaks the contract",
            command=rf"{with_key['customer']} -iw '\n' -H 'Content-Type: application/json' "
            f"-d '{order}' '{base}/orders'",
            expect="400 and what is wrong at which place, without an echo of the values",
            statuses=["400"],
        ),
        Step(
            title="4. An admin asks for the figures seven times; the limit is five a minute",
            command="for i in 1 2 3 4 5 6 7; do "
            rf"{with_key['admin']} -o /dev/null -w 'HTTP/1.1 %{{http_code}}\n' "
            f"'{base}/admin/stats'; done",
            expect="five times 200, then 429",
            statuses=["200"] * 5 + ["429"] * 2,
        ),
        Step(
            title="5. A search that asks the database for every password hash",
            command=rf"{with_key['reader']} -iw '\n' -G '{base}/search' "
            '--data-urlencode "q=x\' UNION SELECT id,password_hash,email,name FROM customers--"',
            expect="403; what was found is in the record, not in the answer",
            statuses=["403"],
            shows="content-refused",
            hides="UNION",
        ),
        Step(
            title="6. An account, of which the bookshop tells too much",
            command=rf"{with_key['customer']} -iw '\n' '{base}/customers/{CUSTOMER}'",
            expect="200 and what the contract declares, without password_hash, is_staff and notes",
            statuses=["200"],
            shows="ada.quill@mail.example",
            hides="password_hash",
        ),
    ]


def free_port(wanted: int = 0) -> int:
    """`wanted` where nobody has it, else any free port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def write_policy(home: Path, *, listen: int, upstream: int, page: int) -> Path:
    """The bookshop's policy with this run's ports, beside its contracts."""
    shutil.copy(HERE / "openapi.yaml", home)
    (home / "client").mkdir()
    shutil.copy(HERE / "client/openapi.yaml", home / "client")
    text = (HERE / "vallum.yaml").read_text()
    for written, actual in ((8443, listen), (8000, upstream), (8001, page)):
        if f":{written}" not in text:
            raise SystemExit(f"vallum.yaml must name the port {written}")
        text = text.replace(f":{written}", f":{actual}")
    path = home / "vallum.yaml"
    path.write_text(text)
    return path


def vallum(policy: Path, *arguments: str) -> str:
    """What a command of Vallum prints."""
    done = subprocess.run(
        [VALLUM, *arguments, "-c", str(policy)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        shown = " ".join(arguments[:2])
        raise SystemExit(f"`vallum {shown}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def create_page(policy: Path, issuer: str, origin: str) -> tuple[Path, str]:
    """Register the page with the provider, and make an account.

    Returns:
        The file with what the page must know, and the link with which a password is chosen.
    """
    scopes = ("openid", "profile", "email", "books:read", "orders:read")
    made = vallum(
        policy,
        *("clients", "create", "The bookshop's page", "--kind", "browser", "--binding", "dpop"),
        *("--redirect-uri", f"{origin}/callback", "--logout-uri", f"{origin}/"),
        *("--origin", origin, "--json"),
        *(word for scope in scopes for word in ("--scope", scope)),
    )
    settings = policy.with_name("settings.json")
    settings.write_text(
        json.dumps(
            {
                "issuer": issuer,
                "client_id": json.loads(made)["id"],
                "resource": issuer,
                "scope": " ".join(scopes),
            }
        )
    )
    return settings, vallum(policy, "users", "create", PERSON, "--name", "Ada Quill")


def create_keys(policy: Path) -> None:
    """One API key for each role, in a file beside the policy as curl takes it."""
    for role in ROLES:
        arguments = ("create", f"demo-{role}", "--role", role, "--expires", "1d")
        vallum(policy, "keys", *arguments, "--output", str(policy.with_name(role)))


@contextmanager
def running(
    command: list[str], log: Path | None, cwd: Path, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, so that Ctrl-C reaches it through us, and in order."""
    with ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("wb"))
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, ca: Path | None) -> None:
    """Until the port accepts a connection, and TLS when there is a CA to verify it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} ended with status {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if ca is not None:
                    context = ssl.create_default_context(cafile=str(ca))
                    context.wrap_socket(connection, server_hostname="127.0.0.1").close()
                return
        except (ConnectionRefusedError, FileNotFoundError, TimeoutError):
            # The first start of a machine compiles patterns before it answers.
            time.sleep(0.1)
    raise SystemExit(f"{process.args!r} did not listen on port {port}")


def check(step: Step) -> bool:
    """Run a step's command and compare what comes back."""
    done = subprocess.run(["bash", "-c", step.command], capture_output=True, text=True, check=False)
    seen = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("HTTP/")]
    is_right = seen == step.statuses and step.shows in done.stdout
    is_right = is_right and not (step.hides and step.hides in done.stdout)
    print(f"{'ok    ' if is_right else 'FAILED'}  {step.title}: {' '.join(seen)}")
    if not is_right:
        print(f"expected {' '.join(step.statuses)}: {step.expect}\n{done.stdout}{done.stderr}")
    return is_right


def show(all_steps: list[Step], origin: str, link: str) -> None:
    """Print the commands to paste, and the way to the page."""
    for step in all_steps:
        print(f"\n{step.title}\nexpect: {step.expect}\n\n  {step.command}", flush=True)
    print(
        "\n7. Sign in to the shop's page, and try to steal its token\n"
        f"expect: the token is worth nothing without the key that {PERSON}'s browser keeps\n\n"
        f"  choose a password: {link}\n"
        f"  then open:         {origin}/\n\n"
        "  The browser warns of the CA, which was made for this run alone.",
        flush=True,
    )
    print("\nCtrl-C stops everything.", flush=True)


def demo(home: Path, stack: ExitStack, *, only_check: bool) -> int:
    """Start everything; then check, or wait for the end."""
    shop_port, page_port, port = free_port(), free_port(), free_port(8443)
    issuer, origin = f"https://localhost:{port}", f"https://shop.localhost:{port}"
    policy = write_policy(home, listen=port, upstream=shop_port, page=page_port)
    shop_command = [sys.executable, str(HERE / "app.py"), "--port", str(shop_port)]
    shop = stack.enter_context(running(shop_command, home / "bookshop.log", home))
    create_keys(policy)
    settings, link = create_page(policy, issuer, origin)
    page_command = [sys.executable, str(HERE / "client/serve.py"), "--port", str(page_port)]
    page_command += ["--settings", str(settings)]
    page = stack.enter_context(running(page_command, home / "page.log", home))
    wait_until_ready(shop, shop_port, None)
    wait_until_ready(page, page_port, None)
    log = home / "vallum.log" if only_check else None
    gateway = stack.enter_context(running([VALLUM, "up", "-c", str(policy)], log, home))
    ca = home / CA
    try:
        wait_until_ready(gateway, port, ca)
    except SystemExit:
        if log is not None:
            print(log.read_text(), file=sys.stderr)
        raise
    six = steps(f"https://127.0.0.1:{port}", home)
    if only_check:
        failed = [step for step in six if not check(step)]
        return 1 if failed else 0
    show(six, origin, link)
    gateway.wait()
    return gateway.returncode


def main() -> int:
    """Run the demo in a folder of its own that is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="run the six commands and verify")
    only_check = parser.parse_args().check

    def stop(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGINT too: a shell that starts the demo in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with tempfile.TemporaryDirectory(prefix="vallum-demo-") as name, ExitStack() as stack:
        try:
            return demo(Path(name), stack, only_check=only_check)
        except KeyboardInterrupt:
            print("\nstopping", flush=True)
            return 0


if __name__ == "__main__":
    sys.exit(main())
