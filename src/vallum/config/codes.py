"""Every code of a diagnostic. `docs/policy.md` documents each; a test compares the two."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Code(NamedTuple):
    """What a code stands for."""

    severity: Severity
    meaning: str


def _table(severity: Severity, **meanings: str) -> dict[str, Code]:
    return {name.replace("_", "-"): Code(severity, meaning) for name, meaning in meanings.items()}


_UNREADABLE = _table(
    "error",
    missing_file="A file is not there or cannot be read.",
    file_too_large="A file is larger than Vallum reads.",
    not_utf8="A file is not UTF-8 text.",
    empty_file="The file has no content.",
    yaml_syntax="The file is no YAML.",
    json_syntax="The file is no JSON.",
    yaml_tag="A YAML tag (`!name`) is used.",
    unknown_anchor="A YAML alias refers to nothing before it.",
    duplicate_key="A key stands twice in one mapping.",
    too_deep="Values are nested too deep.",
    too_many_values="Aliases expand to more values than are read.",
)

_FORM = _table(
    "error",
    unknown_key="The policy has no such key here.",
    missing_key="A key that is needed is missing.",
    wrong_type="The value is of another kind than the key takes.",
    wrong_version="The policy is written for another version of the format.",
    bad_value="The value is none of those that the key takes.",
    out_of_range="The number is too small or too large.",
    bad_size="The size cannot be read.",
    bad_duration="The time cannot be read.",
    bad_limit="The rate limit cannot be read, or makes no sense.",
    bad_address="The address is no HOST:PORT.",
    bad_host="The host is no name or address.",
    wildcard_host="A host would match names that are not yours.",
    bad_network="The network is no CIDR range.",
    bad_url="The URL cannot be used here.",
    bad_path="The path cannot be used here.",
    bad_name="The name has characters that names do not have.",
    bad_scope="The scope is no scope token.",
    bad_header="The header value would break its line.",
    bad_origin="The value is no web origin.",
    missing_variable="An environment variable is not set.",
    bad_selector="The text names no place in a request.",
    bad_date="The text is no date.",
    unknown_api="There is no such API in the policy.",
    no_resource="An operation takes tokens of the own provider, which issues none for its API.",
    insecure_issuer="Passwords would cross the network in the clear.",
    unknown_family="There is no such family of attacks.",
    unknown_rule="There is no such rule of inspection.",
    exclusion_too_wide="An exclusion excludes everything.",
)

_MEANING = _table(
    "error",
    no_apis="The policy protects nothing.",
    contract="The OpenAPI document cannot be enforced.",
    graphql_schema="The GraphQL schema cannot be used.",
    graphql_field="The GraphQL schema has no such field.",
    graphql_document="A persisted GraphQL document cannot be allowed.",
    overlapping_apis="Two APIs claim the same operation.",
    unknown_operation="The contract has no such operation.",
    unknown_tag="No operation of the contract has such a tag.",
    unknown_authenticator="There is no such way to authenticate.",
    unknown_issuer="The policy has no such issuer.",
    unknown_role="The policy has no such role.",
    bad_keys="The keys of a key set cannot be used.",
    bad_certificates="Certificates or revocation lists cannot be used, or nobody vouches.",
    issuer_twice="Two issuers have the same `iss`.",
    role_cycle="A role inherits from itself.",
    operation_twice="Two keys name the same operation.",
    tag_conflict="Two tags of one operation say different things.",
    no_authenticator="An operation has no authenticator and is not public.",
    no_issuer="The contract asks for a token and the policy has no issuer of tokens.",
    unsupported_scheme="The contract asks for a credential that Vallum does not take.",
    combined_schemes="The contract asks for two credentials at once.",
    public_conflict="An operation is public and protected at once.",
    group_mismatch="Limits of one group differ.",
    body_over_cap="A body may be larger than all bodies together.",
    keep_too_short="A key of a request that runs once would be forgotten while it runs.",
    plain_http="The listener would serve plain HTTP to a network.",
    insecure_jwks="Keys would be fetched without protection.",
    unknown_algorithm="The signature algorithm is not accepted.",
    hmac_from_url="A shared secret would be published as a key set.",
    cors_null_origin="The origin `null` belongs to everybody.",
    cors_wildcard_credentials="Any origin could act with its visitors' credentials.",
    cors_wildcard_protected="Any origin may call an operation that is not public.",
)

_UNWISE = _table(
    "warning",
    contract_warning="A part of the OpenAPI document is not enforced as its author may expect.",
    public_write="An operation that changes things needs no authentication.",
    public_by_default="Operations are public unless they say otherwise.",
    public_over_contract="An operation is public although the contract asks for authentication.",
    scopes_alternatives="The contract accepts alternative scopes and the first is needed.",
    scope_not_issued="An operation asks for a scope that the own provider never issues.",
    scope_wildcard="A scope has a wildcard, which is compared as plain text.",
    no_limit="An operation has no rate limit.",
    validation_off="Requests that break the contract pass.",
    unknown_ignored="Undeclared parameters and properties pass.",
    inspection_off="Requests that look like attacks pass.",
    exclusion_expired="An exclusion has ended and excludes nothing.",
    numeric_id="Objects are named by numbers that can be guessed, without a rule of ownership.",
    api_key_place="The contract carries the API key where it leaks.",
    cors_any_origin="Any web page may call an operation.",
    cors_private_network="Public web pages may call into a private network.",
    plain_upstream="Requests travel to the upstream unencrypted over a network.",
    insecure_option="An `insecure_` option is on.",
    no_hosts="Clients in the network reach an API by no name.",
    trust_everyone="Any client can claim any address.",
    hmac_algorithm="Whoever can verify a token can also make one.",
    long_lifetime="A stolen token works for more than a day.",
    unused_issuer="No operation takes tokens of an issuer.",
    records_off="Nothing is recorded.",
    headers_off="Answers go out without security headers.",
    credential_forwarded="The upstream receives the caller's credential.",
    body_without_contract="A rule about bodies is set where the contract declares none.",
    property_nowhere="A right is about a property that no schema of the contract declares.",
    keys_without_effect="Keys of requests that run once are taken where they mean nothing.",
    field_nowhere="Something is said about a place where the contract has no free text.",
    unbound_alternative="An operation that asks for bound tokens takes API keys as well.",
    rule_of_tokens="A rule about tokens stands where no tokens are taken.",
    rights_without_json="Answers in which nothing can be masked go to those who may see all.",
    large_body="Bodies of more than 10 MiB are held in memory.",
)

CODES: dict[str, Code] = {**_UNREADABLE, **_FORM, **_MEANING, **_UNWISE}
"""Every code by name."""
