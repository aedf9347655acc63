"""Functions of languages that people write templates in, which only format, look up or count.

Mails, automations, charts and workflows hold such expressions, and are stored and sent by honest
clients. What reads, runs or reflects is in none of these lists; it is looked for first.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.detectors.code_reading import words

_SHOWING: Final = words(
    # Translations, links and forms of web frameworks
    "t __ _ _n trans translate i18n gettext ngettext url asset url_for path_for route static old "
    "path block csrf_field csrf_token form_row form_widget form_start form_end form_label "
    "form_errors parent is_granted absolute_url vite super include "
    # Texts and numbers
    "format date number currency default upper lower truncate plural quote printf index join split "
    "contains startswith endswith replace replaceall substring indexof lastindexof includes trim "
    "padstart padend touppercase tolowercase totitlecase capitalize tofixed tolocalestring "
    "tolocaledatestring formatnumber formatdate formatdatetime formatcurrency formatprice "
    "round ceil floor abs min max sum average median float int bool length empty first last "
    "stringify toyaml tojson fromjson tolower toupper concat coalesce slugify escapehtml encodeurl "
    # Dates
    "now utcnow moment toisostring strftime strptime isoformat timedelta total_seconds toiso "
    "toisodate toformat fromiso fromformat tomillis plus minus startof endof diff parsedate "
    "setdate adddays addhours addminutes addseconds addmonths addyears addtotime subtractfromtime "
    "converttimezone convertfromutc converttoutc startofday startofhour startofmonth dayofweek "
    "dayofmonth getfuturetime getpasttime plusdays plusweeks plusmonths plusyears plushours "
    "minusdays minusweeks minusmonths minusyears minushours tobusinessday"
)
_WORKFLOWS: Final = words(
    # Pipelines of builds and deployments, charts
    "tpl hashfiles success failure always cancelled env var local lookup if each with unless "
    "partial file ssm opt sls cidrsubnet cidrhost jsonencode jsondecode yamlencode yamldecode "
    "templatefile element flatten merge keys values zipmap tolist toset tomap tonumber "
    # Flows and pipelines of Azure
    "triggerbody triggeroutputs variables outputs body item items parameters activity pipeline "
    "dataset linkedservice workflow guid skip take union intersection createarray equals greater "
    "greaterorequals less lessorequals and or not add sub mul div mod ticks json string array "
    "iterationindexes triggerformdatavalue "
    # Home Assistant
    "states is_state is_state_attr state_attr state_translated has_value today_at as_datetime "
    "as_timestamp as_local as_timedelta relative_time time_since time_until expand closest "
    "distance device_attr device_id device_name device_entities area_id area_name area_entities "
    "area_devices floor_id floor_name label_id label_name label_entities iif is_number selectattr "
    "rejectattr map list count timestamp_custom timestamp_local regex_match regex_replace "
    # Make, n8n, dbt and Airflow
    "ifempty switch toarray parsenumber omit pick ref source doc env_var star "
    "is_incremental generate_surrogate_key ds_add ds_format xcom_pull"
)
FORMATTING: Final = _SHOWING | _WORKFLOWS
"""The functions, in lower case."""

SERVER_OWNED: Final = re.compile(
    r"(?<![\w.$'\"])(?:config|settings|session|g|self|app|application|request|response|globals|locals|"
    r"environment|handler|current_app|_context|_self|header|headers|param|params|cookie|cookies|"
    r"initparam|(?:application|session|request|page)scope|pagecontext|facescontext|execution|beans?)"
    r"(?:\s?[.\[]\s?['\"]?\w{1,40}['\"]?\]?){0,4}\s?\.\s?\Z",
    re.IGNORECASE,
)
"""What stands before a call of a member of what the engine or the server keeps."""

SHOWN_WHOLE: Final = re.compile(
    r"[(,]\s{0,4}(?:config|self|request|session|app|g|_self|_context|current_app|environment)\s{0,4}[,)]"
)
"""An object of the server's that is handed on as a whole."""

ON_CONSTANTS: Final = words(
    "t trans translate i18n url asset format date number currency default upper lower truncate "
    "plural quote printf join env var"
)
"""Filters that honest templates put a constant through: others are a question whether it runs."""

# What an earlier step of an automation gave, by the number of the step: `{{1.email}}`.
OF_STEP: Final = re.compile(
    r"(?<![\w.])\d{1,4}(?>(?:\.(?!__|class\b)[A-Za-z_]\w{0,60}+(?:\[\d{0,4}\])?){1,6})(?![\w.]|\s{0,4}\()"
)
