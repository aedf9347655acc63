"""The rules by which a document is valid (GraphQL §5), without those that `structure` has proved.

Each rule is one more visitor at every node, so none is here twice: names of operations and
fragments, cycles, and what is executable have been judged before.
"""

from __future__ import annotations

from typing import Final

from graphql import (
    ASTValidationRule,
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    LoneAnonymousOperationRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    UniqueArgumentNamesRule,
    UniqueInputFieldNamesRule,
    UniqueVariableNamesRule,
    ValuesOfCorrectTypeRule,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.rules.known_operation_types import KnownOperationTypesRule

from vallum.graphql.comparisons import MOST_COMPARISONS

# SECURITY: the comparison is quadratic (B-299). The library bounds it at 250,000 pairs, which take
# seconds, and names this variable as the place to say otherwise.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 2 * MOST_COMPARISONS

RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    KnownOperationTypesRule,
    LoneAnonymousOperationRule,
    KnownTypeNamesRule,
    FragmentsOnCompositeTypesRule,
    VariablesAreInputTypesRule,
    ScalarLeafsRule,
    FieldsOnCorrectTypeRule,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    PossibleFragmentSpreadsRule,
    UniqueVariableNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    KnownDirectivesRule,
    KnownArgumentNamesRule,
    UniqueArgumentNamesRule,
    ValuesOfCorrectTypeRule,
    ProvidedRequiredArgumentsRule,
    VariablesInAllowedPositionRule,
    UniqueInputFieldNamesRule,
    OverlappingFieldsCanBeMergedRule,
)
