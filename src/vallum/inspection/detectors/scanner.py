"""Scanners and attack tools, by the names they give and the traces they leave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import reads_as_prose, verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "scanner.agent": "the client gives the name of a scanner or attack tool",
    "scanner.header": "a header field that only a scanner sends",
    "scanner.callback": "a host that tells an attacker when a server contacts it",
    "scanner.canary": "a value that a scanner sends to find it again in the answer",
}

# Names that mean nothing else: products, as RFC 9110 §10.1.5 has them, in the client's own words.
_TOOL_NAMES = (
    r"acunetix|appscan|arachni|bsqlbf|burpcollaborator|burpsuite|cgichk|cmseek|cmsmap|commix"
    r"|crawlergo|dalfox|detectify|dirbuster|dirsearch|dotdotpwn|droopescan|feroxbuster|fimap"
    r"|gobuster|golismero|gospider|hakrawler|havij|invicti|jaeles|jbrofuzz|joomscan|jsql|kiterunner"
    r"|l9explore|l9tcpid|leakix|libwhisker|masscan|metasploit|morfeus|muieblackcat|nessus"
    r"|netsparker|nikto|nosqlmap|nuclei|openvas|padbuster|patator|probely|projectdiscovery"
    r"|naabu|jorgee|lfisuite|subfinder|rustbuster|skipfish|sqlmap|sqlninja|sqlsus|ssrfmap|tplmap|w3af|wafw00f|wapiti|webinspect"
    r"|webscarab|wfuzz|whatwaf|whatweb|wpscan|xspear|xsser|xsstrike|zaproxy|zgrab|zmeu"
    r"|bbqsql|cariddi|dirmap|fhscan|fscan|graphw00f|hawkscan|insightappsec|interactsh|jndiscan"
    r"|mysqloit|paramspider|pmafind|pocsuite3?|reconftw|rustscan|sn1per|sslyze|testssl"
    r"|tsunamisecurityscanner|uniscan|vulmap|webcruiser|webshag|weevely|yakit"
    r"|awvs|appspider|bbscan|blindelephant|censysinspect|cansina|crackmapexec|netexec|crlfsuite"
    r"|dnsrecon|ghauri|gowitness|h2csmuggler|httprecon|httprobe|ironwasp|kadimus|ksubdomain|lfimap"
    r"|nexpose|nettacker|oneforall|paloaltonetworks|proxystrike|ratproxy|shodanscan|sitadel"
    r"|spiderfoot|sqliv|sqlmate|sstimap|subjack|sublist3r|syhunt|theharvester|traxss|vulscan"
    r"|watobo|webbandit|whitewidow|wikto|wprecon|xsscrapy|zoomeye|internetmeasurement|ghostscan"
    r"|awvscan|binaryedge|bypasswaf|corsy|crashtest|criminalip|crlfmap|darkjumper|greenbone|gotestwaf"
    r"|hackertarget|hostedscan|immuniweb|neuralegion|onyphe|ostorlab|portswigger|pwnxss|siteguarding"
    r"|slowhttptest|slowloris|sqlbrute|stretchoid|swiftnessx|veracode|wafninja|wpvulndb|xattacker|xssaint"
    r"|l9scan|stackhawk|vulners|r00ts3c|gafgyt|krebsonsecurity|shodan|kxss|getodin|jdatabasedrivermysqli"
)
# Names that are words as well, as tools write them.
_TOOL_PHRASES = (
    "fuzz faster u fool",
    "nmap scripting engine",
    "nmap nse",
    "owasp zap",
    "owasp_zap",
    "burp suite",
    "(hydra)",
    "thc-hydra",
    "grendel-scan",
    "n-stealth",
    "paros/",
    "vega/1",
    "brutus/",
    "arjun/",
    "qualys was",
    "toata dragostea",
    "web vulnerability scanner",
    "sql power injector",
    "safe3 scanner",
    "domino hunter",
    "webtrends security analyzer",
    "core-project/1.0",
    "customcrawler",
    "cgi-scan",
    "log4j-scan",
    "searches across the global ipv4",
    "internet-measurement",
    "internet-wide scan",
    "vulnerability scan",
    "pentest",
    "jwt_tool",
    "linux gnu (cow)",
    "cobalt strike",
    "recon-ng",
    "the harvester",
    "compatible; intruder",
    "muhstik",
    "kali linux",
    " sf/1.",
    " sf/2.",
)
_TOOL = re.compile(rf"^(?:{_TOOL_NAMES})$")
# Tools call themselves after what they do: `crlfuzz/1.4`, `sqlibrute v2`.
# `sqlite/3`, `selfie-app/2`, `fuzzy-match/1`, `reconnecting-socket/4` are none of them.
_PRODUCT = re.compile(
    r"^[a-z_-]{0,20}(?:fuzz(?!y)|exploit|brute|(?<!my)sqli(?!te)|xss|(?<![a-z])lfi|pwn(?!ed)|vuln|"
    r"recon(?![cnvtfsd]|ftw))[a-z_-]{0,20}(?:/| )v?\d",
    re.IGNORECASE,
)
# Or after what they look into, and for what: `struts-pwn`, `security-scanner/2`, `webfuzzer`.
_PURPOSE_NAMES: Final = (
    r"(?:\b|[_-])(?:(?:security|vuln(?:erability)?|exploit|port|web(?:app|shell)|shell|cms|wp|wordpress|joomla|drupal|"
    r"xss|sqli?|rce|lfi|ssrf|cors|crlf|struts2?|log4(?:j2?|shell)|spring(?:4?shell)?|shellshock|heartbleed|weblogic|"
    r"tomcat|jboss|confluence|fortinet|citrix|telnet|attack|hack|botnet|subdomain|bounty|"
    r"cve[_-]\d{4}[_-]\d{3,7})[ _-]?(?:scan(?:ner|ning)?|fuzz(?:er|ing)?|pwn(?:er)?|poc|"
    r"exploit(?:er)?|brute(?:r|forcer?)?)"
    r"|fuzz(?:er|ing)|pwn(?:er|tools?|kit)?|exploit(?:er|s)?|cve[_-]\d{4}[_-]\d{4,7}|log4shell|"
    r"spring4shell|shellshock)"
)
_PURPOSE = re.compile(rf"{_PURPOSE_NAMES}(?![a-z])", re.IGNORECASE)
_MAYBE_PRODUCT: Final = (
    r"^[a-z_-]{0,20}(?:fuzz|exploit|brute|sqli|xss|lfi|pwn|vuln|recon)[a-z_-]{0,20}(?:/| )v?\d"
)
_WORD = re.compile(r"[a-z0-9]{3,40}")
# Words that other programs are called by too, but not alone or with a version.
_WHOLES = (
    r"^(?:ffuf|nmap|zap|burp|hydra|medusa|dirb|katana|pangolin|paros|xray|goby|hakai|mozi|mirai|"
    r"amass|eyewitness|aquatone|vega|"
    r"absinthe|grabber|zmap|qualys|tenable|rapid7|blackwidow|vuls|hello,? world)"
    r"(?:[/ ]v?\d[\w.-]{0,20})?$"
)
_WHOLE = re.compile(rf"^(?:ffuf|nmap|zap|burp|hydra|medusa|dirb)/|{_WHOLES}", re.IGNORECASE)
_MOST_WORDS: Final = 200
_FIELD = re.compile(
    r"^(?:acunetix-[a-z-]{3,40}|x-(?:scan-memo|scanner|ratproxy-loop|nikto|arachni-[a-z-]{2,20}|"
    r"zap-scan-id|w3af|sqlmap|wipp|nuclei))$",
    re.IGNORECASE,
)
# Services that answer every name below theirs and tell who asked.
_CALLBACKS = (
    r"(?:^|//|[.@])(?:oastify\.com|burpcollaborator\.net|interact(?:sh\.com|\.sh)|"
    r"oast\.(?:pro|live|site|online|fun|me)|ceye\.io|bxss\.(?:me|in)|r87\.(?:me|com)|"
    r"xss\.(?:ht|report)|ezxss\.com|xsshunter\.com|eyes\.sh|tu4\.org|dnsbin\.zhack\.ca|"
    r"d\.requestbin\.net|dnslog\.(?:cn|org|link|store|run)|pingb\.in|requestrepo\.com|"
    r"callback\.red|dig\.pm|vulnweb\.com)(?![\w-])|canarytokens\.com"
)
_CALLBACK = re.compile(_CALLBACKS, re.IGNORECASE)
_MADE = re.compile(r"(?<![a-z0-9])(?=[a-z]{0,40}\d)[a-z0-9]{10,63}+\.", re.IGNORECASE)
# What their tests write, to find it again.
_CANARIES = (
    *("acunetix_wvs", "acunetix-wvs", "wvs_security_test", "wvs-security-test", "/acunetix-"),
    *("appscan_fingerprint", "nessus_is_probing", "nessustest", "nikto-test-", "w00tw00t"),
    *("nmaplowercheck", "nice%20ports%2c", "trinity.txt.bak", "netsparker(0x", "ns=netsparker"),
    *("cirt.net/rfiinc", "sqlmapproject", "sqlmap/1", "nuclei-templates/", "{{randstr}}"),
    *("acunetix-aspect", "acunetix-product", "nessus.probe", "qualysperiscope", "qualys_scan"),
    *("thishouldnotexistandhopefullyitwillnot", "zap%n%s%n%s", "zap %1!s%2!s%3!s"),
)
_NUMBERED = re.compile(r"\bacu\d{4,9}[<%\"]|\bwvstest\d|\.nasl\b")
# What such fields hold: `Category="Audit.Attack"`, `WVS/14`, `enabled`.
_MEMO = re.compile(
    r"^category=\"(?:audit|crawl)|^wvs/\d|^enabled$|^filelist(?:;|$)|^aspectalerts", re.IGNORECASE
)
_SPEAKING: Final = frozenset({"user-agent", "x-user-agent", "from", "via"})


def judge(text: str, context: Context) -> Judgement | None:
    """Whether `text` gives away a tool that looks for holes."""
    if context.is_name and _FIELD.match(text):
        return verdict("scanner.header", 8, text)
    is_field = context.location == "header" and _FIELD.match(context.name) is not None
    memo = is_field and _MEMO.match(text)
    if memo:
        return verdict("scanner.header", 8, memo[0])
    lower = text.lower()
    tool = _tool(lower) if context.location == "header" else None
    if tool is not None and (is_field or context.name in _SPEAKING):
        return verdict("scanner.agent", 8, tool)
    callback = _CALLBACK.search(text)
    if callback:
        # People name the service; a name below it was made for one test.
        is_made = _MADE.search(text, max(0, callback.start() - 80), callback.end()) is not None
        is_talk = not is_made and reads_as_prose(text)
        return verdict("scanner.callback", 4 if is_talk else 8, callback[0])
    canary = next((each for each in _CANARIES if each in lower), None)
    if canary is None:
        numbered = _NUMBERED.search(lower)
        canary = numbered and numbered[0]
    if canary is None:
        return verdict("scanner.agent", 4, tool) if tool is not None else None
    return verdict("scanner.canary", 3 if reads_as_prose(text) else 7, canary)


def _tool(lower: str) -> str | None:
    whole = _WHOLE.match(lower) or _PRODUCT.match(lower)
    if whole:
        return whole[0]
    phrase = next((each for each in _TOOL_PHRASES if each in lower), None)
    if phrase is not None:
        return phrase
    purpose = _PURPOSE.search(lower)
    if purpose is not None:
        return purpose[0]
    words = islice(_WORD.finditer(lower), _MOST_WORDS)
    return next((word[0] for word in words if _TOOL.match(word[0])), None)


DETECTOR = Detector(
    family="scanner",
    rules=RULES,
    triggers=(
        rf"(?:^|[^a-z0-9])(?:{_TOOL_NAMES})(?:[^a-z0-9]|$)",
        rf"^(?:ffuf|nmap|zap|burp|hydra|medusa|dirb)/|{_WHOLES}",
        _MAYBE_PRODUCT,
        _PURPOSE_NAMES + r"(?:[^a-z]|$)",
        _FIELD.pattern,
        "|".join(re.escape(each) for each in (*_TOOL_PHRASES, *_CANARIES)),
        _CALLBACKS.replace(r"(?![\w-])", r"(?:[^\w-]|$)"),
        _MEMO.pattern,
        _NUMBERED.pattern,
    ),
    judge=judge,
)
