"""The patterns that wake the judge of SQL: what every injection has, and few other texts.

Between two words of SQL may stand blanks and parentheses, so `_GAP` is any run of marks; a text
with a whole comment in it is woken for that alone.
"""

from __future__ import annotations

from typing import Final

from vallum.inspection.detectors.sql_clauses import CLAUSES
from vallum.inspection.detectors.sql_disguises import NESTED
from vallum.inspection.detectors.sql_words import OWN_CALLS

_QUOTE: Final = r"['\"`]"
# What words stand apart by: ASCII, or bytes of the blanks of other alphabets, but no letters.
_LETTERS: Final = r"\w\xc0\xc1\xc3-\xe1\xe4-\xee\xf0-\xff"
_MARK: Final = rf"[^'\"`{_LETTERS}]"
_APART: Final = rf"[^{_LETTERS}]"
_GAP: Final = r"[^\w'\"`]*"
_LOGIC: Final = r"(?:and|x?or|not|is|in|div|mod|r?like|glob|regexp|between|sounds|match)"
_JOIN: Final = rf"(?:(?:and|x?or){_MARK}|&&|\|\|)"
_OPERATOR: Final = r"(?:\|\||&&|[-+*%^|&=<!,~])"
_COMPARE: Final = r"(?:[=<>]|(?:not\W+)?(?:r?like|between|in|is|regexp)\b(?:\W+not\b)?)"
_CUT: Final = r"(?:--|#|/\*|;)"
_OPERAND: Final = (
    rf"(?:(?:^|{_APART}|\d)(?:and|x?or)(?:{_MARK}{_GAP}(?:(?:not|binary)\W+)?|['\"`])|"
    rf"(?:&&|\|\|){_GAP}(?:not\W+|binary\W+)?)['\"`]?[\w@.]+['\"`]?{_GAP}"
)
_VALUE: Final = rf"(?:['\"`\d@]|\w+\(|[\w.]+\W*{_CUT}|null|true|false)"
_CLAUSE: Final = "(?:select|order|group|limit|procedure|into|case|collate|waitfor|notnull|isnull)"
_COMPARED: Final = (
    r"(?:[=<>~!;]|\b(?:r?like|ilike|glob|regexp|between|in|is|sounds|match|similar|overlaps|notnull|"
    r"isnull)\b)"
)
_CALL: Final = (
    r"(?:sleep|pg_sleep\w*|sleepeachrow|system\$wait|bench\w{4}|randomblob|receive_message|regexp_substring|extractvalue|"
    r"updatexml|load_file|load_extension|openrowset|opendatasource|openquery|xmltype|"
    r"httpuritype|dblink\w*|lo_\w+|pg_read_\w+|pg_ls_dir|gtid_sub\w+|name_const|query_to_xml|"
    r"database_to_xml|sys_eval|sys_exec|geometrycollection|multipolygon|multilinestring|"
    r"master_pos_wait|crypt_key|make_set|cha?r|unistr|elt|iif|(?:ctx|ord)sys\.[\w.]+|utl_\w+\.\w+|dbms_\w+\.\w+)"
)
_PROBE: Final = (
    r"(?:ascii|ord|substr(?:ing)?|mid|left|right|concat(?:_ws)?|if|length|len|hex|exists|version|"
    r"database|user|count|cast|convert|json_\w+|exp|rand|char_length|pi|cos|sin)"
)
_CHARACTERS: Final = (
    "(?:ascii|ord|substring|mid|concat_ws|group_concat|make_set|ifnull|nullif|load_file)"
)
_NAMED: Final = "(?:user|version|database|schema|db_name|current_user|session_user|system_user)"
_STATEMENT: Final = (
    "(?:drop|insert|update|delete|truncate|alter|create|exec|execute|declare|set|shutdown|waitfor|"
    "begin|call|if|grant|replace|merge)"
)
_BEFORE_SELECT: Final = r"[(;,=*/+|&<>-]"

TRIGGERS: Final = (
    # Sentences have both words too, but seldom so close with a mark between them, and no comment.
    r"union[\w\s]{0,16}[^\w\s.,\x80-\xc1\xc3-\xe1\xe4-\xee\xf0-\xff].{0,16}(?:select|values|table)",
    r"union\W*(?:(?:all|distinct\w*)\W*)?(?:select|values|table)",
    r"union.*(?:/\*|--|#).*(?:select|values|table)",
    r"[\d'\")][\s)]{0,8}(?:except|intersect|minus)\W+(?:all\W+)?select\W*(?:\d|null|['\"@])",
    r"/\*.*\*/",
    # A quote, and what only an operator or a clause makes of it.
    rf"{_QUOTE}{_MARK}*{_LOGIC}{_MARK}*(?:['\"`\d@]|in\s?\(|(?:not|binary|r?like|regexp|true|false)\b)",
    rf"{_QUOTE}{_MARK}*{_LOGIC}{_MARK}{_GAP}\w+(?:{_GAP}{_COMPARE}|[\s)]*{_CUT})",
    rf"{_QUOTE}(?:[^'\"`]{{0,30}}(?:{_APART}|\d))?(?:and|x?or){_MARK}*{_QUOTE}",
    rf"{_QUOTE}[^'\"`]{{0,30}}(?:&&|\|\|){_MARK}*{_QUOTE}",
    rf"{_QUOTE}[^'\"`]{{0,30}}(?:\b|\d){_JOIN}{_GAP}(?:not|binary){_GAP}{_QUOTE}",
    rf"{_QUOTE}{_MARK}*{_CLAUSE}(?:$|{_APART})",
    rf"{_QUOTE}{_MARK}*(?:union|except|intersect|minus)\b.*(?:select|values|table)",
    rf"{_QUOTE}{_MARK}*(?:where|having)\b.*{_COMPARED}",
    rf"{_QUOTE}[\s)]*{_CUT}",
    rf"{_QUOTE}[\s)]*{_OPERATOR}(?:{_MARK}*|{_GAP}[\w.]+[\s()]*)(?:{_CUT}|{_QUOTE}|[-+*/&|=<>])",
    # `>` and `/>` end a tag too, and behind its text is the next.
    rf"{_QUOTE}[\s)]*>(?:{_MARK}*|{_GAP}[\w.]+[\s()]*)(?:{_CUT}|{_QUOTE}|[-+*/&|=])",
    rf"{_QUOTE}[\s)]*/(?:{_MARK}*[*/&|=<+-]|(?:{_MARK}*|{_GAP}[\w.]+[\s()]*)(?:{_CUT}|{_QUOTE}))",
    rf"{_QUOTE}[\s)]*/{_GAP}[\w.]+[\s()]*[-+*/&|=<>]",
    rf"{_QUOTE}{_GAP}[\w.]*[\w.]\(",
    # A clause that is cut off; behind a number anything is, as plain text has two hyphens seldom.
    rf"(?:{_QUOTE}[\s)]*|\d\))(?:{'|'.join(CLAUSES)})[^\n]*{_CUT}\W*$",
    r"\d[\s)]*\s[a-z(][^\n]*(?:--|#|/\*)\W*$",
    r"(?:\d[\s)]*;\s*[a-z][^\n;]*|;\s{0,8}[a-z][^\n;]*;\s{0,8})(?:--|/\*)\W*$",
    # A number or a name, and an operator with what it compares.
    rf"{_OPERAND}[=<>]{_GAP}{_VALUE}",
    (
        rf"(?:(?:\b|\d)(?:and|x?or)\W+(?:(?:not|binary)\W+)?|(?:&&|\|\|){_GAP}(?:not\W+|binary\W+)?)['\"`]?"
        rf"[\w@.]+(?:\W+|\d)(?:not\W+)?(?:[ri]?like|glob|between|regexp|similar|is)\b(?:\W+not\b)?{_GAP}{_VALUE}"
    ),
    # What IN takes stands in parentheses; or is coded, and so are they.
    rf"{_OPERAND}(?:not\W+)?in(?:[\s+]|/\*[^*]*\*/)*[(\[]{_GAP}{_VALUE}",
    rf"{_OPERAND}(?:not\W+)?in\b{_GAP}(?:[&#;\[*]{_GAP}{_VALUE}|%\d)",
    rf"(?:(?:and|x?or){_MARK}|&&|\|\|){_GAP}(?:{_PROBE}\(|\{{)",
    rf"(?:(?:and|x?or)[^\w'\"`]+|(?:&&|\|\|){_GAP}){_PROBE}\s+\(",
    rf"\d{_MARK}*{_JOIN}{_GAP}[\w@'\"]+[\s)]*{_CUT}",
    rf"\d{_GAP}(?:and|x?or)['\"][\w@'\"]*[\s)]*{_CUT}",
    rf"\d{_MARK}*{_JOIN}{_GAP}\w+\(",
    (
        r"^[-+\d.]{1,16}(?:[\s)]{0,8}(?:(?:&&|\|\|)[\s(!]{0,8}(?:not\b|[-+\d]|true|false|null)|(?:and|x?or)\W+not\W)"
        r"|[\s)/*_]{0,12}(?:and|x?or)\b[^\n]{1,32}$|\s?<?=>?\s?\d+$|\s{1,8}(?:not\s{1,8})?in\s{0,8}\(\s?\d)"
    ),
    rf"\d{_MARK}*{_JOIN}\W{{0,8}}(?:true|false)\b",
    rf"\b(?:and|or)\W{{1,8}}(?:true|false)\W*{_CUT}",
    r"[\d'\")]\s*\b(?:and|x?or)\s+\d+\s*[-+*/%]\s*\d+\s*[=<>]",
    # What is left open: ) or (; ' like
    r"^[\d\s]{0,16}['\"`]?\)[\s)]*[a-z][a-z\s]{1,16}\(",
    rf"^{_QUOTE}[\s)]{{1,8}}(?:not\s{{1,8}})?(?:and|x?or|[ri]?like|regexp|glob|between|similar\sto|sounds\slike)\s{{0,8}}$",
    # SELECT where no sentence has it, and other statements.
    rf"(?:{_BEFORE_SELECT}|[\d'\")]\s{{0,8}}(?:and|or))[\s(]*select\b",
    r"(?:\b(?:and|x?or)|&&|\|\|)\s{0,4}\([\s(]{0,8}(?:values|table)\s",
    r"\bas\W+\w+\W*from\b",
    r"select\W+(?:[\w.]+\W*,\W*)*[*\d'\"@(-].*from",
    r"select[^(@*,]*[(@*,].*from|select\W+(?:pg_|lo_|[\w.]+\s*\()",
    r"select.*from.*where.*[=<>]",
    rf";\s*{_STATEMENT}\b",
    (
        r";\s*(?:pragma|attach\s+database|attach\s+'|copy\s+(?:\S+\s+(?:to|from)\s|[^;]{0,80}\)\s*(?:to|from)\s)|vacuum\s+into|"
        r"lock\s+tables?|flush\s+[pthls]|load\s+data|install\s+[pcs]|comment\s+on|reassign|"
        r"(?:optimize|repair|analyze|rename)\s+table|reset\s+(?:all|master|query)|handler\s|"
        r"refresh\s+mat|backup\s+(?:database|log)|prepare\s|notify\s|dbcc\s|"
        r"show\s+(?:full|global|databases|schemas|grants|tables|proc|vari)|"
        r"(?:explain|describe|desc)\s+[adeisuv]|use\s+(?:m|temp|info)|do\s*\$|do\s+language|"
        r"revoke\s|raiserror|vacuum|checkpoint|reconfigure|reindex|select\s[^\n]{1,60}\sinto\s@)"
    ),
    r"insert\s+into\b|delete\s+from\b|update\s+\w+\s+set\b|drop\s+table\b",
    r"\b(?:exec|execute|declare)\W+(?:@|xp_|sp_|immediate|(?:master|msdb|tempdb)\]?\.)|waitfor\W+(?:delay|time)",
    # Clauses behind a number.
    r"\d[\s)]*(?:order|group)\s+by\W+[\d('\"]",
    r"\d[\s)]*(?:having|limit|where)\b[^=<>,\d]*[=<>,\d]",
    r"having\s+\d+\s*(?:[=<>#]|--)|having\W*\w+\W*\(|(?:order|group)\s+by\s+\w+\(|procedure\W+analyse",
    r"into\W+(?:(?:out|dump)file|@\w)|\bcase\b[^\n]*\bwhen\b",
    # Calls and names.
    rf"\b{_CALL}\s*\(",
    rf"(?:{'|'.join(NESTED)})|['\"\d]\W{{0,8}}(?:oorr|aandnd|anandd)\W",
    # What begins with the operator, for a place among others.
    r"^\W{0,4}(?:(?:and|x?or)\s{1,8}(?:not\s{1,8})?(?:true|false)\W{0,8}$|(?:order|group)\s{1,8}by\s{1,8}\d{1,5}(?:\s?,\s?\d{1,5}){0,20}\s?(?:$|--|#|;))",
    rf"^\W{{0,4}}(?:and|x?or)\s{{1,8}}\w{{1,30}}\s{{0,8}}=\s{{0,8}}\w{{1,30}}\s{{0,8}}(?:{_CUT}|$)",
    rf"{_QUOTE}[\s)]*(?:and|x?or|&&|\|\|)[\s(]*(?:[a-z]\w*\s?\(|\{{\w)",
    rf"\b(?:{'|'.join(OWN_CALLS)})\s{{0,8}}\(\s{{0,4}}[-+'\"\d]",
    rf"\b(?:{'|'.join(OWN_CALLS)}) \(\s{{0,4}}[-+'\"\d]",
    r"@@\w|information_schema|pg_catalog|performance_schema|sqlite_(?:master|schema)",
    r"sys(?:objects|columns|users|databases|ibm|cat)\b|mysql\.(?:user|db)|\bxp_\w+",
    r"::(?:int|text|json)|\)\s{0,4}::",
    r"[\d)][\s)]*(?:--|/\*)|[\d'\"]\s?\);\s{0,4}--|^\W*[\d.]+\s*#",
    r"^\W*@\w+/\*",
    rf"[-+*/%^|&=<>(]\s*{_CHARACTERS}\s*\(",
    r"in\s+boolean\s+mode|^\s*(?:tempdb|msdb)\s*$|msys\w*objects|\bi?if \(\s*['\"\d]",
    r"\bi?if\s*\(\s*['\"\d]",
    r"^\W*(?:alter|create|drop|truncate)\s+(?:table|database|function|view|user|role|login)\b|^\W*grant\s[\w\s,]{2,60}\son\s+\*",
    rf"\b{_NAMED}\s*\(",
    rf"\b{_NAMED} \(",
)
