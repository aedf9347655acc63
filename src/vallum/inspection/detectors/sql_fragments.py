"""Fragments of SQL that no value holds by accident, with what each of them scores."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from vallum.inspection.detectors.sql_grammar import expanded

Where = Literal["broken", "bare", "any"]
"""`broken`: at the start, behind the string that a quote of the text ended. `bare`: at the start
of a text that lands in a number or among operators. `any`: anywhere in either."""

Search = Callable[[str], re.Match[str] | None]


class Fragment(NamedTuple):
    """What one shape says."""

    rule: str
    score: int
    needed: str
    """A letter without which there is nothing to search for, or none."""
    search: Search


_BROKEN: Final = (
    ("union", 9, "UN*+[SQVT]"),
    ("stacked", 9, ";++(?:<selected>|<changing>|<running>)"),
    ("stacked", 5, "(?<!^5);++[SD123]|(?<!^5)Sw?q$"),
    ("time", 9, "a?w?[;APOC,*].{0,200}t|Zx|(?<!^5)t<pre>[nsv](?![wp][wp])"),
    ("leak", 9, "[;APOC,*].{0,200}[el]|Io"),
    # ' or 1=1, ' and 'x' like 'x, ' or true --
    ("boolean", 9, "<chain>[AP]<operand><compare><pre>(?:<const>|<called>)"),
    ("boolean", 9, "<chain>[AP]<constant><compare><operand>"),
    ("boolean", 8, "<chain>[AP]<operand><compare><operand><end>"),
    # ' or (values row(1))=1, ' or (table t limit 1)=('a')
    ("boolean", 8, "[AP]<pre>(?:Vf?<constant>|T<name>(?:Mn)?)C<operand>"),
    # ' or 'a' ~ 'a', ' or 'a' collate binary = 'a', ' or like('a','a'), ' or match(a) against('b')
    ("boolean", 7, "[AP]<pre><const>(?:N<const>|x(?:[xwrN]C<operand>|<name><cut>))"),
    ("boolean", 7, "[AP]<pre>L<atom>(?:,<atom>|(?>(?:,<atom>)*)f<const>)"),
    ("boolean", 8, "[AP]<pre>(?:<const>|ws?)<cut>|[AP]<pre>b"),
    ("boolean", 8, "<chain>[AP]<operand>(?>(?:[AP]<operand>)*)<cut>"),
    ("boolean", 7, "<chain>[AP]<operand><compare>"),
    ("boolean", 6, "<chain>[AP](?:<pre>[nsvgb](?:q|s?$)|<constant>[;c])"),
    ("boolean", 7, "[AP]<constant>(?:GB|H<called>|Mn)"),
    ("boolean", 7, "[AP]<constant>(?>(?:,<constant>)+)<compare><operand>"),
    # ' or ', ' or ''-', ' or ''^'
    ("boolean", 6, "[AP]<pre>(?:s[O/*]?)?j$"),
    ("boolean", 6, "(?:[AP]<pre>[nb]){1,4}[AP]j$|(?:[APO*/C]<pre>[nsvgbwr]){1,8}[AP]<pre>j$"),
    ("boolean", 5, "[AP]<pre><arg>(?>(?:[O/*]<pre><const>)+)q$"),
    ("function", 8, "[APO/*,CL6]<pre>(?:<known>|[Qk])"),
    ("function", 6, "[AP*O]<pre>u"),
    # '=', ' is not null --, ' like 5 and …
    ("compare", 7, "<compare>(?:<pre><atom>)?<cut>"),
    (
        "compare",
        6,
        "C<pre>(?:[sj]$|n;?[#c])|[O/*PC]<operand><compare><pre>[sj]$|(?:<compare><operand>){2}|N*+6<const>(?>(?:,<const>)*)<end>|N++L++N*+<const><end>",
    ),
    ("compare", 6, "L<operand>[AP]<operand>|Ln[q;]"),
    ("compare", 4, "<compare><pre><const>"),
    ("clause", 9, "(?:a?[wpdxr])?W<operand>(?:<compare>|;)"),
    ("clause", 8, "GB<pre>(?:<const>|<known>|<name>(?:<cut>|[,H]))|H<operand><compare>"),
    ("clause", 8, "MN?[nf]|I[vgs]|[MG]?TR"),
    ("clause", 6, "H<constant><cut>"),
    ("clause", 7, "x[wrszx]<cut>|arF"),
    ("clause", 6, "a<name>F"),
    ("concat", 7, "P<operand>?P?[sjq]?$"),
    ("concat", 5, "(?>(?:O<pre>[sj])+)$"),
    ("arithmetic", 5, "(?:[O*/]<pre>[nsvgb]){0,4}[O*/]<pre>j$"),
    ("arithmetic", 7, "[O*C/P]<pre><atom>(?:Mn)?<cut>|(?>(?:[O/*]<pre><const>)+)C<operand>"),
    ("insert", 7, "(?>(?:,<operand>)+)<cut>"),
    # ', role='admin', name=' in the SET of an UPDATE
    ("insert", 7, "(?>(?:,<set>)+)(?:<cut>|W<operand><compare>)"),
    ("insert", 6, "(?>(?:,[wrT]C<const>(?=,))*),[wrT]C[sj]$"),
    ("comment", 6, "<cut>$"),
)
_BARE: Final = (
    ("time", 9, "<head>(?:[APOC,/*]<pre>t|;.{0,200}t)|^[xE]{0,2}<pre>t<pre>[nsvgfhQkey](?![wp])"),
    ("leak", 9, "<head>[APOC,*;]<pre>e"),
    ("boolean", 9, "<head>[AP]<constant><compare><constant>"),
    ("boolean", 8, "<head>[AP]<constant><compare><operand>"),
    ("boolean", 8, "^<constant>[AP]<operand><compare><operand><end>"),
    ("boolean", 8, "^[AP]<operand>C<pre>(?:<const>|<known>)"),
    ("boolean", 7, "<head>[AP]<operand>C<pre>(?:<const>|<known>)<cut>"),
    ("boolean", 7, "<head>[AP]<operand>(?>(?:[AP]<operand>)*)<cut>"),
    ("boolean", 5, "^<pre><const>C<pre><const>[O/*]<constant>"),
    ("boolean", 8, "<number>[AP]<pre>(?:Vf?<constant>|T<name>Mn)C<operand>"),
    ("boolean", 4, "<number>[AP]<operand><compare><operand><end>"),
    ("boolean", 5, "^<pre>n[AP]<pre>b$"),
    ("boolean", 4, "<number>[AP]<pre>(?:<const>|w)$"),
    # 1; select name from users
    ("stacked", 7, "^<pre>n<listed>"),
    ("stacked", 5, "^w<listed>"),
    # 1 or 'a' ~ 'a', or 'a' similar to 'a', or (1,2)=(1,2), or exists(values(1)), or 1 limit 1
    ("boolean", 6, "<number>[AP](?:s(?:N|Lp)s|n(?>(?:,n)+)[C6]n,n|xV|<const>x[xwrN]C|<pre>[nb]Mn)"),
    # 1 or match(a) against('b'), or like('a','a'), or '1'::bool, or 1 is distinct from 2, or f(1)=1
    ("boolean", 7, "<number>[AP]<pre>L(?:<atom>(?>(?:,<atom>)*)f<const>|s,<atom>)"),
    ("boolean", 6, "<number>[AP]<pre>(?:[nsvgb]:|<arg>LN{1,2}F<operand>)"),
    ("boolean", 5, "<number>[AP]<pre>u<atom>(?>(?:,<atom>)*)C<constant><end>"),
    ("boolean", 5, "^<constant>[AP]ws$"),
    ("function", 8, "<number>[AP]<pre>(?:<known>|[Qk])|^<constant>[OCL6/*,]<pre>(?:<known>|[Qk])"),
    ("function", 7, "<head>[APOC/*,]<pre>(?:Q|kK)"),
    ("function", 6, "^[APO*]<pre><known>"),
    ("function", 5, "^(?:<called>|T)[^;]{0,12}:$|^y$"),
    ("function", 6, "^<called>{1,4}y"),
    ("function", 4, "^w:$"),
    ("time", 6, "^t$|^S4(?:$|[#;,F])"),
    ("clause", 8, "<number>a?[wpdr]?W<operand><compare>"),
    (
        "clause",
        8,
        "<number>?(?:GB<pre>(?:<const>(?!\\?n)|<known>)|H<constant>C|H<operand>C<pre><const>)",
    ),
    ("clause", 8, "<number>GB<pre><atom>(?>(?:,<atom>)*)H<constant>C"),
    ("clause", 8, "<number>?Mn[,M]|<number>I[vg](?>(?:,[vg])*)(?:$|;|<cut>)"),
    ("clause", 7, "<number>(?:GBw|Mn)<cut>"),
    ("clause", 6, "^<constant>H<constant><end>"),
    ("clause", 6, "<number>(?:a[wsr])?F<name>[WC]"),
    ("concat", 6, "^sP<operand>[#c]"),
    ("union", 6, "^<const>UN*+[SQ](?:<name>$|.{1,60}F<name>)"),
    ("insert", 5, "^n(?>(?:,<operand>)+)<cut>$"),
    (
        "comment",
        5,
        "^<pre>(?:(?>(?:<known><pre>)+)(?:<terms>)?|<terms>)<cut>$",
    ),
    ("statement", 6, "^S<pre>(?:[*vgb]|[ns](?=[,F#;O*])|<known>|<name>(?=[,*O])).*F[wdmrQ]"),
    ("statement", 6, "^S<pre>(?:<known>|g|k)|^S<const>(?>(?:,<const>)*),<known>"),
    ("statement", 6, "^S<const>,<const>,<const>|^S[wr]F<name>W<operand><compare>"),
    (
        "statement",
        6,
        "^(?:1I[wdru][wr,]*+(?:V(?![wp][wpuxB])|[SQ])|2<name>Y[wrT]C|3F<name>(?:W<operand><compare>|[;#]))",
    ),
    ("statement", 6, "^(?:DT[NL]*+(?:<name>(?:;$|;?#)|r)|DTL<name>|DTu[wr][xfh])"),
    ("statement", 6, "^(?:X[vg]|E[lv]|Ex[szq])|^F[wTdr]w?W<operand><compare>"),
    ("statement", 4, r"^(?:SwFw|S\*|Sn$|Ss$|3Fw|DTw)"),
)
# Each begins with the one letter that is looked for; what stands before it is looked back at.
_ANY: Final = (
    ("union", 9, "UN*+[SQ]<item>"),
    ("union", 8, "UN*+(?:[SQ][;#]|V[nf]|T<name><cut>)"),
    ("union", 7, "UN++[SQ]"),
    ("union", 7, "U(?<=[nsb]U)N*+T<name>$"),
    ("union", 7, "U(?<=[nsb]U)N*+[SQ]<pre>u[svg]"),
    ("union", 6, "UN*+[SQ][wrTxm]a[wrs](?:,|F)"),
    ("union", 5, "UQ(?!w{2,4}$)|^US$|U(?<=[nsb]U)S$"),
    (
        "stacked",
        8,
        ";(?:D(?:A1)?x*+T[NL]*+(?:<name>|<defined>)|D<name><cut>|3x*F<name>(?:W|;$|;?#)|1x*I[wrTu]|1x*(?:u[wpr,]*+|r)V[nsvbg]|2[wr]Y)",
    ),
    ("stacked", 8, ";(?:S[*vg]|S[ns][,F#;q]|S<known>|E[lv]|X[vg]|Y[vg]C|Zx)"),
    ("stacked", 8, ";(?<=[nsb];)(?:3x*F<name>|DT[NL]*+u[wrp]{0,8}(?:[,;#]|$))|;(?<=[nsbx];)S[ns]$"),
    ("stacked", 7, "Xv"),
    ("boolean", 5, "A(?<!,A)<pre>[nsb](?>(?:[O/*]<pre><const>){0,9})C<constant>(?!C/)"),
    ("time", 9, "ZO?(?:xO?[szvn]|wO?[sz])"),
    ("stacked", 8, ";Z(?:x|(?:ww)?;?(?:$|#))"),
    ("time", 9, "t(?<=[APOC;,SQiL6/f]t)<pre>[nsv]"),
    ("time", 8, "i[^;]{0,12},t"),
    ("time", 4, "t"),
    ("leak", 9, "Io"),
    ("leak", 9, "El"),
    ("leak", 8, "e(?<=[APOC,;SQ]e)"),
    ("leak", 6, "e"),
    ("subselect", 8, "Q(?<=[OCAPL6N/,*;]Q)"),
    ("subselect", 8, "Q(?:<item>|[^F]{0,12}Fd|N*+w(?>(?:,w)*)F[wdrQ])"),
    ("subselect", 8, "A(?<=[nsb]A)S<item>"),
    ("function", 8, "h<pre>n(?>(?:,n)*)[PO]?h<pre>n"),
    # chr(126)||version(): a text that is built around what the database says
    ("function", 8, "hnP[yQ]"),
    ("function", 7, "k<atom>?K<operand><compare><operand>K"),
    ("function", 7, "k(?:K<constant><compare>|<const>K<const>K)"),
    ("function", 7, "i<constant>C<constant>,"),
    ("function", 5, "k(?:KwKw|<called><const>K)"),
    ("function", 5, "i<constant>C"),
    ("catalogue", 8, "F(?:d|m[^wp])"),
    ("catalogue", 8, "QN?d"),
    ("catalogue", 8, "g(?<=[APOC,SQ/*]g)"),
    ("catalogue", 5, "^[dlg]$"),
    ("catalogue", 5, "^Fd"),
    ("clause", 8, "TR"),
    ("clause", 8, "kKK"),
)

_Row = tuple[str, int, str]
_CERTAIN: Final = 7
"""From this score on a fragment may follow a quoted word too: `A 'OR' B` is told of."""


def _behind(row: _Row) -> str:
    return rf"^[{'sr5J' if row[1] >= _CERTAIN else 'sr5'}](?:{row[2]})"


def _fragment(row: _Row, where: Where) -> Fragment:
    rule, score, pattern = row
    search = re.compile(expanded(_behind(row) if where == "broken" else pattern), re.DOTALL).search
    needed = pattern[0] if where == "any" else ""
    return Fragment(f"sql.{rule}", score, needed.strip("^"), search)


def _fragments(rows: tuple[_Row, ...], where: Where) -> tuple[Fragment, ...]:
    return tuple(_fragment(row, where) for row in sorted(rows, key=lambda row: -row[1]))


FRAGMENTS: Final[dict[Where, tuple[Fragment, ...]]] = {
    "broken": _fragments(_BROKEN, "broken"),
    "bare": _fragments(_BARE, "bare"),
    "any": _fragments(_ANY, "any"),
}
"""The strongest first."""
