"""Templates of mails and automations, whose functions format and look up."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import code
from vallum.inspection.detectors.template import DETECTOR

SUSPECTS = Suspects(DETECTOR)
CODE = Suspects(code.DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "Order {{4.number}} of {{2.customer.city}}",
        '{{formatDate(3.created; "DD.MM.YYYY")}}',
        "{{ states('sensor.cellar_humidity') | int > 70 }}",
        "{{ is_state('cover.garage', 'open') and now().minute == 0 }}",
        "{{ expand('group.windows') | selectattr('state', 'eq', 'on') | list | count }}",
        "@{body('List_rows')?['value']}",
        "Dear @{triggerOutputs()?['body/firstname']}",
        "@{formatDateTime(addDays(utcNow(), 3), 'dd.MM.')}",
        "{{ $now.plus({days: 2}).toFormat('dd.MM.') }}",
        "select * from {{ ref('orders') }}",
        "{{ ti.xcom_pull(task_ids='load') }}",
        "{{ config(materialized='view') }}",
        "${cidrsubnet(var.range, 4, 2)}",
        "Hello {{ customer.name.toUpperCase() }}",
    ],
)
def test_templates_of_mails_and_automations_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "{{1.class}}",
        "{{2.toString()}}",
        "${1.class}",
        "{{ now(shell()) }}",
        "{{ states(cycler) }}",
        "{{ states('x') | attr('__class__') }}",
        "{{ concat(3*4) }}",
        "@{utcNow()}@{whoever()}",
        "{{ file('/etc/shadow') }}",
        "{{1.name}}{{ run() }}",
        "{{ include('settings.py') }}",
        "{{ session.items() }}",
        "{{ settings['DEBUG'].keys() }}",
        "${header.values()}",
        "{{ tojson(config) }}",
        "{{ config('mail.password') }}",
    ],
)
def test_what_else_an_engine_would_do_among_them_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


def test_a_translation_passes_and_a_variable_that_is_given_does_not() -> None:
    assert CODE.score("{{ $t('cart.empty') }}") < STOPS
    assert CODE.score("{{ $t='exec' }}{{ $t('id') }}") >= STOPS
    assert CODE.score("$t('id');") >= STOPS
