"""Functions that are named, not called: by people, in words, and by a trace of a failure."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "exec(utable)s",
        "system(atically)",
        "at java.base/java.lang.Runtime.exec(Runtime.java:449)",
        "\tat java.lang.Class.forName0(Native Method)\n\tat com.shop.Load.run(Load.kt:7)",
        "    at Object.spawnSync (node:internal/child_process:1112:20)",
        "#1 [internal function]: call_user_func_array(Array, 'run')",
        "Prefer subprocess.check_output(..., timeout=5)",
        "nit: `os.popen` should be `subprocess.run([...], check=True)`",
        "exec(...) is not needed here",
        "`YAML.load(...)` is for old files",
        "Why is there a <?php ?> at the top?",
        "`<?php` starts it",
        "exec(command) never returns here",
        "eval(code) in older browsers?",
        "eval(x) is slow",
        "link(s)",
        "process.env.NODE_ENV",
        "com.mysql.cj.jdbc.Driver",
    ],
)
def test_what_is_only_named_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "exec(uptime)",
        "system(...)('uptime')",
        "array_map(system(...), ['uptime']);",
        "subprocess.run(['uptime'])",
        "subprocess.run(..., env=__import__('os').system('uptime'))",
        "<?php ?><?php system('uptime')?>",
        "<?php ?><?=`uptime`?>",
        "at a.b(C.java:1)\nRuntime.getRuntime().exec('uptime')",
        "at java.lang.Runtime.getRuntime(C.java:1).exec('uptime')",
        "exec(uptime) or die",
        "#0 a.php(1): ');system('uptime');//",
        "#0 a.php(1): run()\nsystem('uptime')",
        "exec(uptime); echo done here",
        "exec(uptime) // and so on",
        'open(F, "uptime|")',
        '(str (clojure.java.shell/sh "uptime"))',
        "process.env.API_KEY",
        "exec(utive);exec('uptime')",
    ],
)
def test_what_would_run_beside_a_name_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
