"""Whatever ends early reaches the workers, whoever ended it."""

from __future__ import annotations

from tests.support.provider import Provider, ToldDataPlane

from vallum.identity.issuing import AccessToken, Person, person_token
from vallum.identity.revoking import revoke_client, revoke_grant, revoke_session, revoke_user
from vallum.identity.storage.clients import Client
from vallum.identity.storage.revocations import RevocationFeed, note_subject

CLIENT = Client(id="shop", name="Shop", kind="browser", auth_method="none", grants=())


def _token(provider: Provider, grant: str = "grant_1", session: str = "session_1") -> str:
    person = Person(
        id="user_1",
        roles=(),
        amr=("pwd",),
        authenticated=provider.clock(),
        session_id=session,
        grant_id=grant,
        family="family_1",
    )

    async def issue() -> AccessToken:
        async with provider.services.database.write() as connection:
            return await person_token(
                provider.services,
                connection,
                CLIENT,
                person,
                scopes={"orders:read"},
                resource="https://api.shop.example",
                confirmation=None,
            )

    return provider.run(issue).id


def test_a_grant_ends_with_its_tokens_and_no_others(provider: Provider) -> None:
    first, other = _token(provider), _token(provider, grant="grant_2")
    provider.run(revoke_grant, provider.services, "grant_1")
    assert first in provider.data_plane.tokens
    assert other not in provider.data_plane.tokens


def test_a_session_ends_with_its_access_tokens(provider: Provider) -> None:
    first, other = _token(provider), _token(provider, session="session_2")
    provider.run(revoke_session, provider.services, "user_1", "session_1")
    assert set(provider.data_plane.tokens) == {first}
    assert other not in provider.data_plane.tokens


def test_users_and_clients_end_with_everything(provider: Provider) -> None:
    provider.run(revoke_user, provider.services, "user_1")
    provider.run(revoke_client, provider.services, "shop")
    assert provider.data_plane.subjects == ["user:user_1", "client:shop"]


def test_what_another_process_revoked_is_delivered_once(provider: Provider) -> None:
    async def elsewhere() -> None:
        async with provider.services.database.write() as connection:
            await note_subject(connection, "user:user_9", life=300.0, now=provider.clock())

    provider.run(elsewhere)
    for _ in range(2):
        provider.run(provider.services.revocations.deliver)
    assert provider.data_plane.subjects == ["user:user_9"]


def test_a_process_that_starts_later_ends_nothing_that_was_given_since(provider: Provider) -> None:
    provider.run(revoke_user, provider.services, "user_1")
    revoked = provider.clock()
    provider.clock.now += 60
    later = ToldDataPlane()
    feed = RevocationFeed(provider.services.database, provider.clock, later)
    provider.run(feed.deliver)
    assert later.ended == provider.data_plane.ended == {"user:user_1": revoked}


def test_a_revocation_that_has_expired_is_forgotten(provider: Provider) -> None:
    provider.run(revoke_user, provider.services, "user_1")
    provider.clock.now += 1000
    provider.run(provider.services.revocations.forget_old)
    provider.data_plane.subjects.clear()
    provider.run(provider.services.revocations.deliver)
    assert provider.data_plane.subjects == []
