"""The files that are worth stealing, by what a path to them looks like; in lower case."""

from __future__ import annotations

import re
from typing import Final

_UNIX: Final = (
    (
        r"etc/(?:\.?passwd-?|shadow-?|group-?|gshadow-?|sub[ug]id-?|hosts|issue|fstab|mtab|crontab|"
        r"sudoers|motd|hostname|resolv\.conf|ssh/|ssl/|nginx/|apache2?/|httpd/|mysql/|my\.cnf|php|"
        r"cron|init\.d/|security/|pam|ld\.so|environment|profile|bash|services|networks?|os-release|"
        r"(?:redhat|debian|lsb)[-_]|master\.passwd|kubernetes/|docker|krb5|openldap|postfix|exports|"
        r"inetd|xinetd|rsyslog|syslog|sysctl|rc\.|default/|network/|vsftpd|proftpd|samba|aliases|"
        r"timezone|localtime|protocols|shells|inittab|modules|letsencrypt/[\w./-]{0,80}privkey)"
    ),
    (
        r"proc/(?:self|thread-self|\d+|version|cmdline|mounts|net|sys|cpuinfo|meminfo|interrupts|"
        r"filesystems|modules|kallsyms|kcore|sched_debug|devices|partitions|stat|uptime|mtrr|acpi)\b"
    ),
    r"sys/(?:class|kernel|devices|firmware|module|block|bus|fs)\b",
    (
        r"var/(?:spool/cron|mail|lib/(?:mysql|mlocate|docker|postgresql|jenkins)|log/(?:apache|"
        r"httpd|nginx|lighttpd|tomcat|auth|secure|syslog|messages|mail|lastlog|wtmp|btmp|faillog|"
        r"dmesg|kern|mysql|postgres|redis|vsftpd|proftpd|xferlog|cron|boot|audit|dpkg|ssh|exim|"
        r"access|error))"
    ),
    r"var/www(?:/html)?/[\w./-]*\.(?:php|conf|ini|env|bak)",
    r"(?:home|users)/[^/\s]{1,32}/\.[a-z]",
    r"root/\.?[a-z]|~[a-z]{0,16}/\.[a-z]",
    r"run/(?:secrets/|docker\.sock)",
    r"tmp/(?:sess_\w|[\w.-]{1,60}\.(?:php\d?|phtml|jsp|aspx?)\b)|var/lib/php\d{0,2}/",
    r"dev/(?:tcp|udp|shm|k?mem|port|u?random|zero|stdin|fd/\d|sd[a-z])(?![\w-])",
    r"usr/local/(?:etc|apache2?|nginx|tomcat|php)/[\w.-]+",
    r"opt/(?:lampp|tomcat|bitnami|jboss|lamp)\b",
    r"boot/(?:grub|vmlinuz|config)",
)
_HIDDEN: Final = (
    (
        r"\.(?:ssh|aws|docker|kube|gnupg|azure|gcloud|git|svn|hg|bzr|terraform|claude|cursor|codex|"
        r"continue|roo|zed|cline|kiro|windsurf|opencode|junie|gemini|copilot|rovodev|plandex|"
        r"fabric|n8n|a0proj)(?:[/\\]|\Z)"
    ),
    (
        r"\.(?:env\b(?!(?:\.\w{1,20})?\.(?:example|sample|template|tmpl|dist|defaults?|schema)\Z)|htaccess|htpasswd|htdigest|bash_|zsh_|sh_history|mysql_history|psql_history|"
        r"python_history|node_repl|rediscli|history\b|viminfo|netrc|pgpass|my\.cnf|npmrc|pypirc|"
        r"dockercfg|git-credentials|gitconfig|s3cfg|boto\b|rhosts|shosts|lesshst|profile\b|bashrc|"
        r"zshrc|user\.ini|idea/workspace|vscode/sftp|ds_store|vault-token|aider|config/gcloud|"
        r"(?:ai|cursor)ignore|dockerenv\b)"
    ),
    r"(?:id_(?:rsa|dsa|ecdsa|ed25519)|authorized_keys|known_hosts)(?:\.pub)?\b",
)
_NAMES: Final = (
    r"(?:web|meta)-inf[/\\]?\w",
    r"(?:web|machine|app)\.config\b",
    r"config/(?:(?:database|secrets|credentials|storage|cable)\.ya?ml|master\.key)",
)
_LAST: Final = (
    (
        r"(?:wp-config|configuration|settings|config|database|local|parameters|secrets?|"
        r"credentials|app|application|web|machine|global)(?:[.-][a-z]{1,20})?\s?[._]\s?"
        r"(?:php|asa|config|inc)(?:[._-]?(?:bak|old|orig|save|swp|txt|~))?"
    ),
    (
        r"php\.ini|httpd\.conf|nginx\.conf|my\.cnf|my\.ini|server\.xml|tomcat-users\.xml|"
        r"context\.xml|global\.asax?|appsettings(?:\.\w{1,20})?\.json|docker-compose\.ya?ml|"
        r"composer\.(?:json|lock)|wp-login\.php|phpinfo\.php|\.[\w.]{1,60}\.sw[op]"
    ),
    r"(?:access|error|errors|debug|laravel|catalina|auth|mail|syslog)[._](?:log|out)",
    (
        r"(?:backup|dump|database|db|site|www|wwwroot|htdocs)\.(?:sql|bak)"
        r"(?:\.\w{2,4})?"
    ),
    (
        r"[\w-]{1,80}\.(?:php\d?|phtml|asp|aspx|jsp|ini|conf|config|env|ya?ml|py|rb)"
        r"(?:~|\.(?:bak|old|orig|save|swp|backup)|_bak|\.1)"
    ),
)
_WINDOWS: Final = (
    r"(?:boot|win|system|desktop)\.ini\b",
    (
        r"(?:windows|winnt)[/\\]{0,2}(?:system32|win\.ini|system\.ini|repair|panther|debug|"
        r"php\.ini|temp|explorer|notepad|regedit|microsoft|inf|syswow64)"
    ),
    (
        r"[a-z]:[/\\]{0,4}(?:boot\.ini|windows|winnt|inetpub|xampp|wamp|"
        r"program\s?files(?: \(x86\))?[/\\](?:apache|mysql|microsoft sql|filezilla|php|xampp)|"
        r"documents and settings|apache|tomcat|php|mysql|unattend|sysprep|autoexec)"
    ),
    r"inetpub[/\\]{0,2}(?:wwwroot|logs)",
    r"ntuser\.(?:dat|ini)|repair[/\\](?:sam|system|security)\b|\.aws[/\\]credentials",
    r"system32[/\\](?:drivers|config|cmd|inetsrv)|ntds\.dit|config[/\\](?:sam|system|security)\b",
)

# Each alternative begins with a letter or a dot of its own, so that a search skips all else.
MARKS: Final = "=:(@[{;&"
"""What stands between a parameter's name, or other text, and a path."""

_SLASHES = re.compile(r"[/\\]+(?:\.[/\\]+)*")
_SYSTEM = re.compile("|".join(_UNIX))
_DRIVES = re.compile("|".join(_WINDOWS))
_ANYWHERE = re.compile("|".join((*_HIDDEN, *_NAMES)))
_SEGMENT = re.compile("|".join(f"(?:{each})" for each in _LAST))


def flattened(path: str) -> str:
    """`path` with single slashes only, and without steps that stay where they are."""
    return _SLASHES.sub("/", path)


def system_file(path: str) -> int | None:
    """Where in a flattened path an absolute path to a file of the system begins.

    In `x=/etc/passwd` at 2. Where there is only a part of another path, `docs/etc/passwd`, that
    part's beginning.
    """
    inner: int | None = None
    for match in _SYSTEM.finditer(path):
        start = match.start()
        if path[start] != "~":
            start -= 1
            if start < 0 or path[start] != "/":
                continue
        if start == 0 or path[start - 1] in MARKS:
            return start
        if path[:start] == "/var":
            return 0
        inner = start if inner is None else inner
    for match in _DRIVES.finditer(path):
        if match.start() == 0 or not path[match.start() - 1].isalnum():
            return match.start() if path[match.start() - 1 : match.start()] != "/" else 0
    return inner


def private(path: str) -> bool:
    """Whether a flattened path leads to a file that applications keep to themselves."""
    for match in _ANYWHERE.finditer(path):
        if match.start() == 0 or path[match.start() - 1] in "/=":
            return True
    return _SEGMENT.fullmatch(path.rpartition("/")[2]) is not None


def sensitive(path: str) -> bool:
    """Whether a flattened path, however it begins, names a file that nobody should ask for."""
    return (
        _SYSTEM.search(path) is not None
        or _ANYWHERE.search(path) is not None
        or _DRIVES.search(path) is not None
        or private(path)
    )
