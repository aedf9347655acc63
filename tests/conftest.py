"""Shared fixtures."""

from __future__ import annotations

from tests.support.bookshop import shops
from tests.support.calling import compared, door, es256
from tests.support.content import _content_arena, content
from tests.support.fixtures import _arena, arena
from tests.support.graphql_shop import _graphql_shop, graphql_shop
from tests.support.openid_provider import federation
from tests.support.patience import _quick, quick
from tests.support.provider import database, provider
from tests.support.signing_in import deployment

__all__ = [
    "_arena",
    "_content_arena",
    "_graphql_shop",
    "_quick",
    "arena",
    "compared",
    "content",
    "database",
    "deployment",
    "door",
    "es256",
    "federation",
    "graphql_shop",
    "provider",
    "quick",
    "shops",
]
