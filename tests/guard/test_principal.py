"""principal_from(): which credential rows are accepted for a claim."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from webapp.guard.principal import CredentialRef, CredentialRow, NotAccepted, principal_from
from webapp.guard.token_grant import TokenGrant

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWNER = UUID(int=7)
SECOND = timedelta(seconds=1)

BY_SESSION = CredentialRef(key="k", kind="session")
BY_TOKEN = CredentialRef(key="k", kind="token", user_id=OWNER)


def credential_row(kind="session", **changes):
    row = CredentialRow(
        credential_id=UUID(int=8),
        credential=kind,
        user_id=OWNER,
        username="ada",
        roles=("user",),
        disabled_at=None,
        revoked_at=None,
        expires_at=NOON + timedelta(days=1),
        idle_at=None,
        last_used_at=None,
        auth_time=NOON,
        amr="pwd",
    )
    return row._replace(**changes)


@pytest.mark.parametrize(
    ("claim", "row", "code"),
    [
        pytest.param(BY_SESSION, None, "session_ended", id="a session without a row has ended"),
        pytest.param(BY_TOKEN, None, "token_invalid", id="a token without a row was never ours"),
        pytest.param(BY_TOKEN, credential_row("session"), "token_invalid", id="a token does not name a session's row"),
        pytest.param(BY_SESSION, credential_row("token"), "session_ended", id="a cookie does not name a token's row"),
        pytest.param(
            BY_TOKEN._replace(user_id=UUID(int=9)),
            credential_row("token"),
            "token_invalid",
            id="sub must be the owner of the row",
        ),
        pytest.param(BY_SESSION, credential_row(revoked_at=NOON), "session_ended", id="an ended session is ended"),
        pytest.param(
            BY_TOKEN, credential_row("token", revoked_at=NOON), "token_revoked", id="a revoked token is revoked"
        ),
        pytest.param(
            BY_SESSION, credential_row(disabled_at=NOON), "session_ended", id="a disabled user has no session"
        ),
        pytest.param(BY_TOKEN, credential_row("token", disabled_at=NOON), "token_revoked", id="nor a token"),
        pytest.param(
            BY_SESSION, credential_row(expires_at=NOON), "session_ended", id="a session ends at its very second"
        ),
        pytest.param(BY_TOKEN, credential_row("token", expires_at=NOON), "token_expired", id="so does a token"),
        pytest.param(
            BY_SESSION, credential_row(idle_at=NOON), "session_ended", id="a session ends when it was idle too long"
        ),
        pytest.param(
            BY_TOKEN,
            credential_row("token", revoked_at=NOON, expires_at=NOON),
            "token_revoked",
            id="of two reasons the one that somebody chose is told",
        ),
    ],
)
def test_an_invalid_credential_row_is_not_accepted(claim, row, code):
    with pytest.raises(NotAccepted) as refusal:
        principal_from(claim, row, NOON)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("claim", "row"),
    [
        pytest.param(BY_SESSION, credential_row(), id="a live session"),
        pytest.param(BY_TOKEN, credential_row("token"), id="a live token"),
        pytest.param(BY_SESSION, credential_row(expires_at=NOON + SECOND), id="a session in its last second"),
        pytest.param(BY_SESSION, credential_row(idle_at=NOON + SECOND), id="a session used just in time"),
    ],
)
def test_a_valid_credential_row_is_accepted(claim, row):
    assert principal_from(claim, row, NOON).username == "ada"


def test_roles_and_scopes_are_read_from_the_row():
    held = TokenGrant(scopes=frozenset({"profile:read"}))
    found = principal_from(BY_TOKEN, credential_row("token", roles=("user", "admin"), grant=held), NOON)
    assert (found.roles, found.scopes) == (("user", "admin"), {"profile:read"})
    assert found.authority is found.grant is held, "authority is the former name, which plug-ins may use"


def test_the_id_of_a_principal_is_the_sub_claim():
    assert principal_from(BY_SESSION, credential_row(), NOON).get_id() == str(OWNER)
