"""What `up` and `run` share: load, prove the coverage, print it, serve."""

from __future__ import annotations

import atexit
import errno
import json
import math
import shutil
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

import click

from vallum.app import Services, StartRefused, compile_runtime, open_services, served_hosts
from vallum.cli.coverage import print_coverage
from vallum.cli.policy import exit_with
from vallum.config.diagnostics import PolicyErrors, counted
from vallum.config.identity_api import IDENTITY_API
from vallum.config.load import LoadedPolicy, load_policy_with_contracts
from vallum.config.model import Listen, Policy, TLSFiles
from vallum.config.provider import IdentitySettings
from vallum.config.values import is_loopback
from vallum.core.ports import LimitStore
from vallum.gateway.client_tls import Handover, ask_for_certificates
from vallum.gateway.recorder import check_records, open_recorder
from vallum.gateway.runtime import Runtime
from vallum.gateway.server import ReloadPlan, run_server
from vallum.gateway.tls import local_certificate, renewal_due, server_context
from vallum.gateway.workers import Serve, Supervisor, open_listener
from vallum.limits.memory import MemoryLimitStore
from vallum.limits.replays import Replays
from vallum.limits.shared import SharedLimitStore, create_table
from vallum.store.database import check_folder
from vallum.store.errors import StateUnusable

_LOOK_SECONDS: Final = 0.5
_RENEW_AGAIN_SECONDS: Final = 3600.0
_ELSEWHERE: Final = "write another `address:` under `listen:`, or `vallum up --listen HOST:PORT`"
_LISTEN_HINTS: Final = {
    errno.EADDRINUSE: f"end the process that listens there, or {_ELSEWHERE}",
    errno.EADDRNOTAVAIL: f"this machine has no such address; {_ELSEWHERE}",
    errno.EACCES: f"this user may not use the port; {_ELSEWHERE}",
}
Adjust = Callable[[LoadedPolicy], LoadedPolicy]
"""Changes a loaded policy as the command line asks, now and after each reload."""


def serve(loaded: LoadedPolicy, *, workers: int, as_json: bool, adjust: Adjust) -> int:
    """Serve until a signal ends it; returns the exit status."""
    watch = _Watch(loaded)  # First, so that no change from now on is overlooked.
    if any(api.upstream.url.startswith("asgi:") for api in loaded.policy.apis.values()):
        sys.path.insert(0, str(Path.cwd()))  # As every ASGI server does.
    listen = loaded.policy.listen
    listener = _listener(listen)
    port = listener.getsockname()[1]
    loaded = _with_port(adjust(loaded), port)
    try:
        check_records(loaded.policy.records)
        check_folder(loaded.policy.state)
        adjust, loaded = _with_identity(adjust, loaded)
        process = _Process(loaded, watch, listener, (listen.address, listen.port), adjust)
        runtime = process.first_runtime(MemoryLimitStore())
    except (StartRefused, StateUnusable, OSError, ValueError) as error:
        exit_with(f"nothing was started: {error}")
    if loaded.warnings:
        count = counted(len(loaded.warnings), "warning")
        click.echo(f"{count} about the policy: `vallum check` shows what and where", err=True)
    print_coverage(runtime, loaded.policy, process.ca, as_json=as_json)
    if workers == 1 and loaded.policy.identity is None:
        process.serve(0, lambda: _print_ready(runtime, loaded.policy, as_json=as_json))
        return 0
    process.limits_table = loaded.policy.state.with_name(f"{loaded.policy.state.name}.limits")
    create_table(process.limits_table)
    process.forget_first_runtime()
    processes: list[Serve] = [process.serve] * workers
    if loaded.policy.identity is not None:
        processes.append(_control(loaded.policy, loaded.policy.identity, listener))
    supervisor = Supervisor(processes, listener)
    return supervisor.run(lambda: _print_ready(runtime, loaded.policy, as_json=as_json))


def _listener(listen: Listen) -> socket.socket:
    """The listening socket, or an end that says what to do."""
    is_plain = listen.tls == "off" and not listen.insecure_plain_http
    if is_plain and not is_loopback(listen.address):
        _refuse_plain_http(listen.address)
    try:
        listener = open_listener(listen.address, listen.port)
    except OSError as error:
        exit_with(
            f"cannot listen on {listen.address}:{listen.port}: {error.strerror or error}",
            _LISTEN_HINTS.get(error.errno or 0, ""),
        )
    address: str = listener.getsockname()[0]
    # SECURITY: a name is what the name service says it is.
    if is_plain and not is_loopback(address):
        listener.close()
        _refuse_plain_http(address)
    return listener


def _refuse_plain_http(address: str) -> NoReturn:
    exit_with(
        f"plain HTTP on {address} would send every credential in the clear; use"
        " `tls: local` or certificate files, or say `insecure_plain_http: true`"
    )


def _with_identity(adjust: Adjust, loaded: LoadedPolicy) -> tuple[Adjust, LoadedPolicy]:
    """Make the provider's keys and socket, and point the policy, now and later, at them.

    Raises:
        StateUnusable: the provider's state or database cannot be used.
    """
    settings = loaded.policy.identity
    if settings is None:
        return _without_identity(adjust), loaded
    # Loaded here because a gateway without a provider needs neither it nor its libraries.
    from vallum.control import SOCKET_NAME, run_with_identity, with_socket
    from vallum.control_process import prepare_start

    link = run_with_identity(loaded.policy, settings, prepare_start)
    if link is not None:
        # Once, to whoever starts this, and into no file: it makes an administrator (OP-1).
        click.echo(f"there is no administrator yet; within a day, open once: {link}", err=True)
    # A short path: the names of sockets have 107 bytes at most. The folder is this user's alone.
    folder = tempfile.mkdtemp(prefix="vallum-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    socket_path = Path(folder) / SOCKET_NAME

    def adjust_again(loaded: LoadedPolicy) -> LoadedPolicy:
        loaded = adjust(loaded)
        if loaded.policy.identity != settings:
            raise StartRefused("a change of `identity` takes effect when the gateway is restarted")
        return with_socket(loaded, socket_path)

    return adjust_again, with_socket(loaded, socket_path)


def _without_identity(adjust: Adjust) -> Adjust:
    def adjust_again(loaded: LoadedPolicy) -> LoadedPolicy:
        if loaded.policy.identity is not None:
            raise StartRefused("a new `identity` takes effect when the gateway is restarted")
        return adjust(loaded)

    return adjust_again


def _control(policy: Policy, settings: IdentitySettings, listener: socket.socket) -> Serve:
    socket_path = Path(policy.apis[IDENTITY_API].upstream.url.removeprefix("unix:"))

    def serve(_: int, ready: Callable[[], None]) -> None:
        from vallum.control_process import serve_identity

        listener.close()  # The workers'; they stop accepting when they will.
        serve_identity(policy, settings, socket_path, ready)

    return serve


class _Process:
    """What a worker process needs to serve; made before the workers are."""

    def __init__(
        self,
        loaded: LoadedPolicy,
        watch: _Watch,
        listener: socket.socket,
        asked: tuple[str, int],
        adjust: Adjust,
    ) -> None:
        self._loaded = loaded
        self._watch = watch
        self._listener = listener
        self._asked = asked
        """Address and port as the policy has them; a port of 0 is any."""
        self._adjust = adjust
        self._first: tuple[Services, Runtime] | None = None
        self.limits_table: Path | None = None
        """Where several workers share their limits; None for one alone."""
        self.ca: Path | None = None
        self._policy = loaded.policy
        """The one in force."""
        self._renew_at = math.inf
        self._tls = self._tls_context(loaded.policy)
        self._handover: Handover | None = None
        if self._tls is not None and loaded.policy.listen.client_certificates is not None:
            self._handover = Handover(self._tls)

    def first_runtime(self, limits: LimitStore) -> Runtime:
        """Compile the policy; proves that it can be served.

        Raises:
            StartRefused: it cannot.
        """
        services = self._services(limits)
        runtime = compile_runtime(self._loaded, services)
        self._first = (services, runtime)
        return runtime

    def _services(self, limits: LimitStore) -> Services:
        policy = self._loaded.policy
        replays = Replays(policy.state.with_name(f"{policy.state.name}.replays"))
        return open_services(policy, limits, replays)

    def forget_first_runtime(self) -> None:
        """Close what must not be shared with forked workers; each compiles its own."""
        if self._first is not None:
            self._first[0].directory.close()
            self._first[0].revocations.close()
            self._first[0].replays.close()
            self._first = None

    def serve(self, number: int, ready: Callable[[], None]) -> None:
        """Be worker `number` until a signal ends it."""
        runtime: Runtime | None = None
        if self.limits_table is not None:
            services = self._services(SharedLimitStore(self.limits_table))
        elif self._first is not None:
            services, runtime = self._first
        else:
            raise RuntimeError("a worker without a compiled policy")
        if self._watch.changed():
            # The first policy is not even compiled: what it names may be gone by now.
            runtime = self._newest(services)
        elif runtime is None:
            runtime = compile_runtime(self._loaded, services)
        run_server(
            runtime=runtime,
            recorder=open_recorder(self._loaded.policy.records, f"w{number}"),
            listener=self._listener,
            tls=self._tls,
            reload=ReloadPlan(
                changed=self._changed,
                compile=lambda: self._compile_again(services),
            ),
            ready=ready,
        )
        services.note_usage.finish()

    def _newest(self, services: Services) -> Runtime:
        """The policy as it is now, for a worker that takes the place of one that died.

        The policy of the start may let in whom a later one keeps out. While the newest cannot be
        used this worker serves nobody; the others go on with the one that they have.
        """
        while True:
            try:
                return self._compile_again(services)
            except Exception as error:  # noqa: BLE001  Whatever is wrong with it, it is not served.
                sys.stderr.write(f"vallum: a worker waits for a policy it can serve:\n{error}\n")
            while not self._watch.changed():
                time.sleep(_LOOK_SECONDS)

    def _changed(self) -> bool:
        """Whether the policy is another one; what ends by itself is renewed in passing."""
        if time.time() >= self._renew_at:
            # Whatever becomes of it: no worker tries twice a second.
            self._renew_at = time.time() + _RENEW_AGAIN_SECONDS
            try:
                self._use_certificate(self._policy)
            except (OSError, StateUnusable, ValueError) as error:
                sys.stderr.write(f"vallum: the local certificate could not be renewed: {error}\n")
        return self._watch.changed()

    def _compile_again(self, services: Services) -> Runtime:
        self._watch.changed()  # What changes from here on is another change.
        try:
            loaded = load_policy_with_contracts(self._loaded.policy.source)
        except PolicyErrors as error:
            # Whoever mends what is wrong there has said it for the second time.
            self._watch.add(finding.file for finding in error.diagnostics)
            raise
        self._watch.follow(loaded)
        loaded = self._adjust(loaded)
        self._require_restart(loaded.policy)
        loaded = _with_port(loaded, self._loaded.policy.listen.port)
        listen = loaded.policy.listen
        if (listen.client_certificates is not None) is not (self._handover is not None):
            raise StartRefused(
                "asking clients for certificates, or no longer, needs a restart of the gateway"
            )
        runtime = compile_runtime(loaded, services)
        self._use_certificate(loaded.policy)
        self._policy = loaded.policy
        return runtime

    def _use_certificate(self, policy: Policy) -> None:
        """Serve new connections with the certificate that the policy names now.

        Raises:
            OSError: a file cannot be read, or the certificate and the key do not fit.
            StateUnusable: the local certificate cannot be written.
        """
        context = self._tls_context(policy)
        if context is None or self._tls is None:
            return
        if self._handover is not None:
            self._handover.replace(context)
        else:
            # Who renews a certificate replaces two files. A pair that does not fit would leave the
            # context in use without any key, so another one, just made, has got it first.
            self._tls.load_cert_chain(*self._certificate(policy))

    def _require_restart(self, policy: Policy) -> None:
        """Refuse what would be said by the policy and not be so: it was opened at the start."""
        first = self._loaded.policy
        same = {
            "state": policy.state == first.state,
            "records": policy.records == first.records,
            "listen.address": (policy.listen.address, policy.listen.port) == self._asked,
            "listen.tls: off": (policy.listen.tls == "off") is (self._tls is None),
        }
        changed = [f"`{name}`" for name, is_same in same.items() if not is_same]
        if changed:
            raise StartRefused(f"a change of {' and '.join(changed)} needs a restart")

    def _tls_context(self, policy: Policy) -> ssl.SSLContext | None:
        if policy.listen.tls == "off":
            return None
        context = server_context(*self._certificate(policy))
        if policy.listen.client_certificates is not None:
            ask_for_certificates(context, policy.listen.client_certificates)
        return context

    def _certificate(self, policy: Policy) -> tuple[Path, Path]:
        """The files of the certificate and its key; local ones are made where they must be."""
        tls = policy.listen.tls
        if isinstance(tls, TLSFiles):
            self._renew_at = math.inf
            return tls.certificate, tls.key
        self.ca, certificate, key = local_certificate(
            policy.state.parent / "tls", _certificate_names(policy)
        )
        due, now = renewal_due(certificate), time.time()
        # One that ends with its CA may be due as soon as it was made.
        self._renew_at = due if due > now else now + _RENEW_AGAIN_SECONDS
        return certificate, key


_Stamp = tuple[int, int, int] | None
"""What tells one content of a file from another; None where there is no file."""


class _Watch:
    """Tells when a file of the policy has become another one."""

    def __init__(self, loaded: LoadedPolicy) -> None:
        self._seen: dict[Path, _Stamp] = {}
        self.follow(loaded)

    def follow(self, loaded: LoadedPolicy) -> None:
        """Watch the files of this policy; those that were watched are compared as before."""
        policy = loaded.policy
        paths = [*loaded.files]
        paths += [
            issuer.jwks for issuer in policy.issuers.values() if isinstance(issuer.jwks, Path)
        ]
        paths += [
            issuer.introspection.client_secret
            for issuer in policy.issuers.values()
            if issuer.introspection is not None
        ]
        paths += [
            issuer.weak_secrets
            for issuer in policy.issuers.values()
            if issuer.weak_secrets is not None
        ]
        paths += [path for api in policy.apis.values() for path in api.upstream.files]
        if isinstance(policy.listen.tls, TLSFiles):
            paths += [policy.listen.tls.certificate, policy.listen.tls.key]
        self._seen = {path: self._seen.get(path, _stamp(path)) for path in paths}

    def add(self, paths: Iterable[Path]) -> None:
        """Watch these too, until a policy is followed."""
        self._seen |= {path: _stamp(path) for path in paths if path not in self._seen}

    def changed(self) -> bool:
        """Whether a file changed since the last call."""
        now = {path: _stamp(path) for path in self._seen}
        if now == self._seen:
            return False
        self._seen = now
        return True


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _with_port(loaded: LoadedPolicy, port: int) -> LoadedPolicy:
    policy = loaded.policy
    return replace(loaded, policy=replace(policy, listen=replace(policy.listen, port=port)))


def _certificate_names(policy: Policy) -> list[str]:
    """The names that the local certificate must carry: whatever clients may call us."""
    names = ["localhost", "127.0.0.1", "::1"]
    for api in policy.apis.values():
        for host in served_hosts(policy.listen, api):
            name = host if host.endswith("]") else host.rpartition(":")[0] or host
            names.append(name.removeprefix("[").removesuffix("]"))
    return [name for name in dict.fromkeys(names) if name not in ("0.0.0.0", "::")]


def _address(listen: Listen) -> str:
    scheme = "http" if listen.tls == "off" else "https"
    host = f"[{listen.address}]" if ":" in listen.address else listen.address
    return f"{scheme}://{host}:{listen.port}"


def _print_ready(runtime: Runtime, policy: Policy, *, as_json: bool) -> None:
    address = _address(policy.listen)
    if as_json:
        click.echo(json.dumps({"ready": address, "revision": runtime.revision}))
    else:
        click.echo(f"ready {address}")
    sys.stdout.flush()
