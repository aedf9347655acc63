"""Scanners by their names and traces, and the clients that are none."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.scanner import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "agent",
    [
        "sqlmap/1.7.2#stable (https://sqlmap.org)",
        "Mozilla/5.00 (Nikto/2.1.6) (Evasions:None)",
        "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
        "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)",
        "WPScan v3.8.22",
        "gobuster/3.1.0",
        "Fuzz Faster U Fool v1.5.0",
        "Mozilla/5.0 zgrab/0.x",
        "masscan/1.3",
        "Mozilla/5.0 (Hydra)",
        "Arachni/v1.5",
        "ZmEu",
    ],
)
def test_tools_are_stopped(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") == 8


@pytest.mark.parametrize(
    "agent",
    [
        "curl/8.4.0",
        "python-requests/2.31.0",
        "Go-http-client/1.1",
        "okhttp/4.12.0",
        "PostmanRuntime/7.36.0",
        "kube-probe/1.28",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
        "urlgrabber/3.10 yum/3.4.3",
        "Blackbox Exporter/0.24.0",
    ],
)
def test_ordinary_clients_pass(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") == 0


@pytest.mark.parametrize(
    "text",
    ["http://abc.oastify.com/x", "x.c1.oast.fun", "acu1234<s1>", "/nikto-test-abc.html"],
)
def test_traces_in_values_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


def test_header_fields_of_scanners_are_stopped() -> None:
    assert SUSPECTS.score("Acunetix-Aspect", "header", is_name=True) == 8
    assert SUSPECTS.score("X-Request-Id", "header", is_name=True) == 0


def test_talk_about_a_tool_passes() -> None:
    assert SUSPECTS.score("we scanned it with nuclei and sqlmap last week", "body") == 0


@pytest.mark.parametrize(
    "agent",
    ["sqlite/3.45", "Mysqli/8", "SelfieApp/2", "fuzzy-match/1.0", "reconnecting-websocket/4.4",
     "invoice-reconciler/2.0", "HaveIBeenPwned/1.0"],
)  # fmt: skip
def test_honest_programs_whose_names_hold_such_a_word_pass(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") < STOPS


@pytest.mark.parametrize(
    "agent",
    ["recon-ng/5.1", "x-lfi/1", "sqli-hunter/1", "vulnscan/2", "graphw00f/1.1", "BBQSQL",
     "sql power injector", "reconFTW", "Uniscan 6.3"],
)  # fmt: skip
def test_more_tools_by_their_names_are_stopped(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") >= STOPS


@pytest.mark.parametrize(
    "text",
    ["http://a.requestrepo.com", "ZAP%n%s%n%s%n", "/thishouldnotexistandhopefullyitwillnot"],
)
def test_more_traces_of_tools_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "agent",
    ["Katana/1.0", "amass v4.2.0", "paros", "NetExec", "Mozilla/5.0 (CensysInspect/1.2)",
     "Acme pentest client", "Mozilla/5.0 (compatible; InternetMeasurement/1.0)", "interact.sh"],
)  # fmt: skip
def test_surveyors_and_tools_with_names_of_words_are_stopped(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") >= STOPS


@pytest.mark.parametrize(
    "agent",
    ["Katana Records App/3.1 (iPhone)", "parosol/1.0", "Photon/1.0", "aws-xray-sdk/2.1",
     "CamScanner/6.5", "Vega Weather/2", "DocScan/4 (Android)"],
)  # fmt: skip
def test_apps_with_such_a_word_in_their_names_pass(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") < STOPS


@pytest.mark.parametrize(
    "agent",
    ["wordpress-scanner/2", "drupal_pwn", "CVE-2020-12345-poc", "Acme Security Scanner",
     "my-fuzzer", "exploit", "check for CVE-2021-99999", "zmap", "StackHawk/1",
     "GoTestWAF", "Greenbone/22", "webshell-scan"],
)  # fmt: skip
def test_tools_that_say_what_they_look_for_are_stopped(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") >= STOPS


@pytest.mark.parametrize(
    "agent",
    ["warehouse-scanner/3", "Scanner Pro/9", "com.example.scanner/2 (Android)", "PwnedCheck/1",
     "fuzzysearch/2", "ticket-web-scanner/1"],
)  # fmt: skip
def test_apps_that_scan_other_things_pass(agent: str) -> None:
    assert SUSPECTS.score(agent, "header", name="user-agent") < STOPS


def test_values_of_fields_of_scanners_are_stopped() -> None:
    assert SUSPECTS.score("enabled", "header", name="acunetix-aspect") == 8
    assert SUSPECTS.score("enabled", "header", name="x-debug") < STOPS
    assert SUSPECTS.score('Category="Crawl"; Id="1"', "header", name="x-scan-memo") == 8
    assert SUSPECTS.score("Invicti", "header", name="x-scanner") == 8
    assert SUSPECTS.score('Category="Crawl"', "header", name="x-note") < STOPS


@pytest.mark.parametrize("text", ["http://oast.pro/a", "ann@bxss.me", "//a.vulnweb.com/"])
def test_hosts_of_callbacks_are_stopped_without_a_name_below_them(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text", ["http://toast.me/a", "https://github.com/x/interact.sh", "http://oast.product/"]
)
def test_hosts_that_end_alike_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
