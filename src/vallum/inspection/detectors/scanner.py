"""Scanners and attack tools, by the names they give and the traces they leave."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
_TOOLS = (
    r"(?:sqlmap|nikto|nuclei|acunetix|nessus|openvas|wpscan|dirbuster|gobuster|feroxbuster|"
    r"dirsearch|wfuzz|fuzz faster u fool|zgrab|masscan|arachni|havij|"
    r"w3af(?:\.org|\.sf\.net)?|skipfish|whatweb|"
    r"wapiti|joomscan|droopescan|cmseek|cmsmap|fimap|commix|xsstrike|xspear|dalfox|tplmap|sqlninja|"
    r"bsqlbf|sqlsus|jsql|jbrofuzz|grendel-scan|n-stealth|netsparker|invicti|appscan|webinspect|"
    r"owasp[ _-]?zap|zaproxy|burp ?suite|burpcollaborator|webscarab|paros/\d|"
    r"morfeus|zmeu|muieblackcat|"
    r"jaeles|gospider|hakrawler|golismero|whatwaf|wafw00f|crawlergo|detectify|probely|"
    r"nmap scripting engine|nmap nse|nmap-nse|libwhisker|whisker/\d|brutus/|patator|thc-hydra|"
    r"\(hydra\)|l9explore|l9tcpid|leakix|projectdiscovery|cgichk|rustbuster|dirb/|"
    r"dotdotpwn|padbuster|metasploit|nosqlmap|xsser|vega/\d|qualys ?was|n-stalker|pangolin|"
    r"absinthe|datacha0s|httprecon|amass|subfinder|aquatone|springenwerk|webtrends security|"
    r"prog\.customcrawler|toata dragostea|internet[ -]measurement|blackwidow/|cgi-scan|"
    r"mysqloit|safexplorer|webshag|web vulnerability scanner|inspathx|uil2pn|httpscan|"
    r"brakeman-scan|ssrfmap|corsy|arjun/|x8/\d|kiterunner|cariddi|photon/\d)"
)
_AGENT = re.compile(
    rf"(?:^|[^a-z0-9]){_TOOLS}(?![a-z])|^(?:ffuf|nmap|zap|burp|hydra|medusa)(?:[/ ]|$)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^(?:acunetix-[a-z-]{3,40}|x-(?:scan-memo|scanner|wipp|ratproxy-loop|nikto|arachni-[a-z-]{2,20}|"
    r"detectify-[a-z-]{2,20}|zap-scan-id|scan-signature|w3af|sqlmap|burp[a-z-]{0,20}))$",
    re.IGNORECASE,
)
_CALLBACK = re.compile(
    r"(?:[\w-]{1,63}\.){1,4}(?:oastify\.com|burpcollaborator\.net|interact\.sh|interactsh\.com|"
    r"oast\.(?:pro|live|site|online|fun|me)|dnslog\.(?:cn|org|link|store|pw)|ceye\.io|bxss\.(?:me|in)|"
    r"r87\.me|xss\.(?:ht|report)|ezxss\.com|xsshunter\.com|eyes\.sh|tu4\.org|"
    r"dnsbin\.zhack\.ca|canarytokens?\.(?:com|org)|d\.requestbin\.net|pingb\.in|"
    r"collaborator\.[\w-]{1,40}\.[a-z]{2,6})\b|\b[a-z0-9]{10,60}\.oast\.[a-z]{2,6}\b",
    re.IGNORECASE,
)
_CANARY = re.compile(
    r"acunetix_?(?:wvs|security|test)|\bacu\d{4,9}[<%\"]|wvs_?security_?test|wvstest|"
    r"\bwvs/acunetix|appscan_(?:fingerprint|msg)|nessus(?:_is_probing|test|[a-z0-9_]{0,20}\.html)|"
    r"\.nasl\b|nikto-test-|w00tw00t|nmaplowercheck\d|trinity\.txt\.bak|netsparker\(0x|"
    r"\bns=netsparker|0wasp-?zap|\bzap_?(?:\d{6,}|xss|sqli)\b|cirt\.net/rfiinc|/rfiinc\.txt|"
    r"\bqualys_?(?:test|xss)|burp(?:suite)?_?(?:collaborator|test)\d|arachni_[a-z]{3,20}_?|"
    r"sqlmap(?:project|_|/\d)|nuclei-templates?/|randomstring_[0-9a-z]{6}_nuclei|"
    r"\{\{randstr\}\}|xoiZR|openvas-?(?:test|vt)|w3af_|zxcvzxcv_scan",
    re.IGNORECASE,
)
_SPEAKING: Final = frozenset({"user-agent", "x-user-agent", "from", "x-scanner", "via", "x-client"})


def judge(text: str, context: Context) -> Judgement | None:
    """Whether `text` gives away a tool that looks for holes."""
    if context.is_name:
        field = _FIELD.match(text)
        return verdict("scanner.header", 8, text) if field else None
    if context.location == "header":
        agent = _AGENT.search(text)
        if agent:
            is_said = context.name in _SPEAKING
            return verdict("scanner.agent", 8 if is_said else 5, agent[0])
    is_talk = reads_as_prose(text)
    callback = _CALLBACK.search(text)
    if callback:
        return verdict("scanner.callback", 4 if is_talk else 8, callback[0])
    canary = _CANARY.search(text)
    return canary and verdict("scanner.canary", 3 if is_talk else 7, canary[0])


DETECTOR = Detector(
    family="scanner",
    rules=RULES,
    triggers=(
        rf"(?:^|[^a-z0-9]){_TOOLS}(?:[^a-z]|$)",
        r"^(?:ffuf|nmap|zap|burp|hydra|medusa)(?:[/ ]|$)",
        _FIELD.pattern,
        (
            r"\.(?:oastify|burpcollaborator|interact|interactsh|oast|dnslog|ceye|bxss|r87|xss|ezxss|eyes|tu4|"
            r"xsshunter|zhack|requestbin|pingb)\.[a-z]{2,6}\b|\bcanarytokens?\.|\bcollaborator\."
        ),
        _CANARY.pattern,
    ),
    judge=judge,
)
