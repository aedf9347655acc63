"""The grammar of SQL over shapes (`sql_tokens.py`): parts, by name, of the patterns of fragments.

Parentheses have no letters, so that `') or (('1')=('1` and `' or '1'='1` are one shape. Every
repetition is possessive, atomic or bounded: a shape is searched in time linear in its length.
"""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = {
    "const": "[nsvgbj]:*+",
    "atom": "[nsvgbjwpdxmrTV4]:*+",
    "name": "[wdr4]",
    "called": "[ufteihly]",
    "known": "[fteihly]",
    "pre": "[NO]*+",
    "compare": "N*+[CL6]++N*+",
    # An operand of a comparison: `-1 + f(x) || y`; and one of constants only.
    "arg": "(?:<atom>|<called>(?>\\*(?=C)|<atom>?):*+)",
    "operand": "(?><pre><arg>(?:[O/*P]<pre><arg>){0,30})",
    "constant": "(?><pre><const>(?:[O/*]<pre><const>){0,30})",
    "defined": "u[wr]{0,4}[xfhSaT;#]",
    "set": "[wrT]C<operand>",
    "terms": "<const>(?>(?:[O/*]<pre>(?:<const>|<known>)){0,30})",
    # What may stand between the place of the value and the condition that matters.
    "chain": "(?:(?>(?:<compare>|[O/*PA])<operand>)){0,4}?",
    "assigned": "^(?>(?:[wpxr]C)?)",
    "head": "<assigned>(?:<pre><arg>(?>(?:[O/*,]<pre><arg>){0,30})<chain>)?",
    "number": "<assigned><constant>",
    # How a text that works must end: it is cut off, or the next quote ends its last string.
    "end": ";?(?:$|q$|[#c])",
    "cut": ";?#",
    # What is selected, and statements from their first word on.
    "item": "(?:<pre>(?:xn)?(?:[nsvgb*kQ4]|<known>|[wrTxm](?:<columns>|P)|xnw))",
    "columns": "(?:[F;#]|(?>(?:,<operand>){1,99})(?![wpxnsTA])|,.{0,60}F)",
    "selected": "S<pre>(?:[*nsvgb](?:[,F#;qO*PAC]|$)|<known>|<name>(?>(?:,<atom>)*)F[wdmrQ])",
    "listed": ";S(?:xn)?<name>(?>(?:,<name>)*)F<name>(?:<end>|W<operand><compare>|Mn|GB)",
    "changing": (
        "(?:D(?:A1)?x*+T[NL]*+(?:<name>|<defined>)|D<name><cut>|3x*F<name>|1x*I[wdrTu][wr,]*+[VSQ]|2<name>Y"
        "|1x*(?:u[wpr,]*+|[wr])V[nsvbg])"
    ),
    "running": (
        "(?:E[lvg]|EN*x|Ew[sn]|X[vgw]|Y[vg][C:]|Z|x[DQt]|x.{0,99};x|xx|px|p<constant>C|k|i|t)"
    ),
}
_NAME: Final = re.compile(r"<(\w+)>")


def expanded(pattern: str) -> str:
    """`pattern` with every `<part>` spelled out."""
    while _NAME.search(pattern):
        pattern = _NAME.sub(lambda match: f"(?:{_PARTS[match[1]]})", pattern)
    return pattern
