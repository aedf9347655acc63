"""What wakes the judge of paths."""

from __future__ import annotations

from typing import Final

_SCHEME: Final = (
    r"(?:php|phar|zip|rar|zlib|compress\.\w+|ogg|expect|glob|ssh2(?:\.\w+)?|data|netdoc|file|dict|"
    r"gopher|tftp|s?ftp|ldaps?|local_file|url|view-source|classpath|jar)"
)
_REST: Final = r"(?:/|\\|file:|https?:|ftp:)"

TRIGGERS: Final[tuple[str, ...]] = (
    # Climbing, in every spelling.
    r"\.\.[/\\]|\.\.;|(?:^[\s\"'()]{0,4}|[/\\])\.\.\.+\w|\.{6}\w|(?:^|/)\.\.[{\w]|[/\\]\.\.$|\.\\\.|\.\.\x00|\.;\.|/\.\.?/\.|/\.\.\.+[/\\]",
    # Coded slashes alone are those of any coded URL.
    # But for one behind plain ones, which only the last step is spelled with.
    r"0x2[ef]|0x5c|[a-z0-9_-][/\\]\.\.%(?:25){0,2}(?:2f|5c)|%(?:25){0,4}2e[%.]|(?:2f|5c)%(?:25){0,4}2e|%c[01]%|\.%(?:00|01|2e)|\.\x00",
    r"[./]{8}|/\./\./|^[/\\]\S*\{file(?:name)?\}$|^/\S*\.\.\{",
    # Files of a Unix system.
    r"/(?:etc|proc|sys|root|dev|boot)/{1,4}[\w.]|/var/(?:log|www|run|spool|mail|lib)|/run/secrets|~/\.",
    r"etc[/\\]{0,4}(?:passwd|shadow)|\\etc\\{1,4}(?:hosts|group|ssh)|\\proc\\{1,4}self|^~root\b|^proc/{1,4}(?:self|\d)|/(?:home|users)/[^/\s]+/\.|usr/local/(?:etc|apache|nginx|tomcat|php)",
    r"/opt/(?:lampp|tomcat|bitnami|jboss|lamp)\b|\bid_(?:rsa|dsa|ecdsa|ed25519)|authorized_keys|known_hosts",
    r"\b(?:var/)?tmp/(?:sess_|\S{1,60}\.(?:php|phtml|jsp|asp))",
    # Files that applications keep to themselves.
    (
        r"(?:^|[/\\=])\.(?:ssh|aws|docker|kube|gnupg|azure|gcloud|git|svn|hg|bzr|env|ht|bash|zsh|sh_|"
        r"mysql_|psql_|python_|node_|redis|history|viminfo|netrc|pgpass|my\.cnf|npmrc|pypirc|s3cfg|boto|"
        r"rhosts|shosts|forward|lesshst|profile|user\.ini|idea|vscode|ds_store|terraform|vault|config|"
        r"claude|cursor|codex|continue|aider|roo|zed|cline|kiro|windsurf|opencode|junie|gemini|"
        r"copilot|rovodev|plandex|fabric|n8n|a0proj|aiignore|cursorignore)"
    ),
    r"(?:web|meta)-inf|(?:web|machine|app)\.config|wp-config|php\.ini|my\.(?:cnf|ini)|global\.asa",
    r"(?:httpd|nginx)\.conf|server\.xml|tomcat-users|appsettings\.|docker-compose|phpinfo|wp-login",
    (
        r"\.(?:php\d?|phtml|asp|aspx|jsp|ini|conf|config|env|ya?ml|py|rb|inc|asa)"
        r"(?:~|[._ ](?:bak|old|orig|save|swp|backup|txt))"
    ),
    r"(?:settings|config|configuration|database|secrets?|credentials|parameters)\s?[._]\s?(?:php|inc|yml)",
    r"^(?:access|errors?|debug|laravel|catalina|auth)[._](?:log|out)$|[/\\](?:access|errors?|debug|laravel)[._]log|config/master\.key",
    r"(?:backup|dump|database|db|site|www|wwwroot|htdocs)\.(?:sql|tar|zip|tgz|gz|rar|7z|bak)",
    # Files of Windows.
    r"(?:boot|win|system|oot)\.ini|ntuser\.|repair[/\\](?:sam|sys|sec)|system32|inetpub|winnt|ntds\.dit|syswow64|^[\"'(]?[a-z]:[/\\]",
    r"^\\\\[\w.$?@-]+\\|^\\\?\?\\|^//\d+\.\d+\.|::?\$(?:data|index|i30|attr)|^(?:con|prn|aux|nul|com\d|lpt\d)\x20{0,4}(?:[.:][\w.]{0,20})?$",
    # Wrappers and remote files.
    rf"\b{_SCHEME}:{_REST}",
    rf"\b{_SCHEME}\s:{_REST}",
    r"\b(?:msl|mvg|msvg|ephemeral):[@/\\.~a-z*]|\b(?:label|caption|pango|text):@[/\\.~a-z]",
    r"^\s*(?:https?|ftps?)://[^\s/?#]+/?#?$",
    r"^\s*(?:https?|ftps?)://(?:\d+\.\d+\.\d+\.\d+|\[|\d{8}|0x|[0-9a-f]*:[0-9a-f:]{4})",
    r"^\s*(?:(?:https?|ftps?):|//)\S+\.(?:php\d?|phtml|txt|inc|asp|aspx|jsp|jspx|cgi|pl|sh|py|exe|dat|gif\?|jpg\?|png\?)(?:$|[?#\x00%;])",
    r"^\s*(?:file|https?|ftps?)(?:://\S*)?\?+#?$",
    # What servers for development hand out, and where a shell would write.
    r"@fs(?:/|$)|__x00__|^[\"'(]?[0-9&]?>{1,2}\|?\s?/(?:tmp|var|dev|etc|home|root|usr|srv|opt)/",
    r"\w\x00|\.(?:php\d?|phtml|phar|asp|aspx|jsp|jspx|cgi|exe)(?:\.{1,8}|;|:|/|\s)[\w.]{0,12}$|(?-i:\.(?:pH[pP]|phP|P[hH]p|PhP))\d?$",
    r"\.(?:jpe?g|png|gif|svg|webp|bmp|ico)\.(?:php\d?|phtml|phar|asp|aspx|jsp|jspx|cgi)$",
)
"""See `Detector.triggers`."""
