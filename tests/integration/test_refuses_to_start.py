"""What `vallum up` cannot serve safely it refuses to serve, and says why."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.support.gateway import Gateway, PolicyText, run_vallum


def refuses_to_start(folder: Path, *expected: str, more: tuple[str, ...] = ()) -> str:
    """`vallum up` ends with an error that says all of `expected`, and without a traceback."""
    done = run_vallum("up", "-c", "vallum.yaml", *more, folder=folder)
    said = done.stdout + done.stderr
    assert done.returncode not in {0, -6, -9, -11}, said
    assert "Traceback" not in said, said
    assert "ready" not in done.stdout
    for text in expected:
        assert text.lower() in said.lower(), said
    return said


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_port_in_use(tmp_path: Path, workers: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        PolicyText(upstream="http://127.0.0.1:1", port=port).write(tmp_path)
        refuses_to_start(tmp_path, str(port), "in use", "--listen", more=workers)


def test_bad_policy_says_everything_at_once(tmp_path: Path) -> None:
    policy = PolicyText(upstream="http://127.0.0.1:1")
    policy.write(tmp_path)
    path = tmp_path / "vallum.yaml"
    text = path.read_text()
    path.write_text(
        text.replace("listThings:", "listThinks:").replace("256KiB", "256KoB") + "unknwon: 1\n"
    )
    said = refuses_to_start(tmp_path, "vallum.yaml", "listThings", "256KoB", "unknwon")
    line = next(
        number
        for number, content in enumerate(path.read_text().splitlines(), 1)
        if "listThinks" in content
    )
    assert f"vallum.yaml:{line}" in said.replace("\n", "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "vallum.yaml"),
        ("version: 1\n  bad indent: [", "vallum.yaml"),
        ("\x00\x01", "vallum.yaml"),
        ("[1, 2]", "vallum.yaml"),
        ("version: 99\napis: {}", "version"),
        ("a: &a [*a]", "vallum.yaml"),
    ],
)
def test_bad_policy_that_is_no_policy(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "vallum.yaml").write_text(content)
    refuses_to_start(tmp_path, expected)


def test_missing_policy(tmp_path: Path) -> None:
    refuses_to_start(tmp_path, "vallum.yaml")


def test_missing_contract(tmp_path: Path) -> None:
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    (tmp_path / "openapi.json").unlink()
    refuses_to_start(tmp_path, "openapi.json")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"openapi": "2.0"}', '{"swagger": "2.0"}'])
def test_bad_contract(tmp_path: Path, content: str) -> None:
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    (tmp_path / "openapi.json").write_text(content)
    refuses_to_start(tmp_path, "openapi.json")


def test_an_operation_that_nobody_protects_refuses_to_start(tmp_path: Path) -> None:
    policy = PolicyText(upstream="http://127.0.0.1:1")
    policy.write(tmp_path)
    path = tmp_path / "vallum.yaml"
    path.write_text(path.read_text().replace("      health: {public: true}\n", ""))
    refuses_to_start(tmp_path, "health", "public")


def test_missing_certificate(tmp_path: Path) -> None:
    policy = PolicyText(upstream="http://127.0.0.1:1", tls="{certificate: gone.pem, key: gone.key}")
    policy.write(tmp_path)
    refuses_to_start(tmp_path, "gone.pem")


def test_plain_http_beyond_loopback_refuses_to_start(tmp_path: Path) -> None:
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    path = tmp_path / "vallum.yaml"
    path.write_text(path.read_text().replace("127.0.0.1:0", "0.0.0.0:0"))
    refuses_to_start(tmp_path, "insecure_plain_http")


def test_records_that_cannot_be_written_at_start(tmp_path: Path) -> None:
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    (tmp_path / "records").write_text("a file where a folder should be")
    refuses_to_start(tmp_path, "records")


def test_a_name_of_loopback_serves_plain_http(tmp_path: Path) -> None:
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    with Gateway(tmp_path, arguments=("--listen", "shop.localhost:0")) as gateway:
        gateway.assert_healthy()


@pytest.mark.parametrize("tls", ["off", "local"])
def test_state_that_cannot_be_written_at_start(tmp_path: Path, tls: str) -> None:
    (tmp_path / "file").touch()
    PolicyText(upstream="http://127.0.0.1:1").write(tmp_path)
    path = tmp_path / "vallum.yaml"
    text = path.read_text().replace("state: state.db", "state: file/x.db")
    path.write_text(text.replace("tls: off", f"tls: {tls}"))
    said = refuses_to_start(tmp_path, "file/x.db", "is no folder", "under `state:`")
    assert "[Errno" not in said
