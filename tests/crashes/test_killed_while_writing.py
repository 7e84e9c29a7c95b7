"""A server that is killed in the midst of writing has, when it is started again, all that it had acknowledged."""

from random import Random

import pytest

from tests import example_counts, forked_servers
from tests.crashes.account_writes import (
    Deleted,
    Disabled,
    EmailChangeRequested,
    PasswordChanged,
    ProfileChanged,
    RecoveryCodesMade,
    RoleChanged,
)
from tests.crashes.app_writes import AppRefreshed, Consented, Redeemed
from tests.crashes.login_writes import EverythingEnded, LoggedIn, LoggedOut, Refreshed, ScriptLoggedIn
from tests.crashes.mailed_writes import Registered, ResetAsked
from tests.crashes.rounds import Rounds
from tests.crashes.sites import CrashSite, settings_for
from tests.crashes.token_writes import (
    AllTokensRevoked,
    TokenCreated,
    TokenEdited,
    TokenRevoked,
    TokenRevokedByHolder,
    TokenRotated,
)
from tests.crashes.writes import Write
from tests.instance_copies import copied
from tests.journeys.mail_server import listening

pytestmark = [pytest.mark.xdist_group("crashes"), pytest.mark.race, pytest.mark.process]
WRITES: dict[str, list[type[Write]]] = {
    "tokens": [TokenCreated, TokenEdited, TokenRevoked, TokenRevokedByHolder, TokenRotated, AllTokensRevoked],
    "logins": [LoggedIn, ScriptLoggedIn, Refreshed, LoggedOut, EverythingEnded],
    "accounts": [
        ProfileChanged,
        PasswordChanged,
        EmailChangeRequested,
        RecoveryCodesMade,
        Disabled,
        RoleChanged,
        Deleted,
    ],
    "apps": [Consented, Redeemed, AppRefreshed],
    "mailed": [Registered, ResetAsked],
}
MAILED = [EmailChangeRequested, ResetAsked, PasswordChanged]
PLACES, MOMENTS, MAILING = (40, 30, 12) if example_counts.EFFORT > 1 else (1, 1, 1)
"""Places for each group of writes, 200 on each database; moments; and places while a mail is sent."""
IN_MAILING = range(1, 11)
"""Places of the thread that sends a mail: its lease, and the end of it, each in a transaction."""


@pytest.fixture(params=["SQLite", "PostgreSQL"], scope="module")
def rounds(request, migrated):
    with copied(migrated) as instance, listening() as mail_server:
        more = {}
        if request.param == "PostgreSQL":
            more = {"WEBAPP_DATABASE_URL": request.getfixturevalue("postgresql")("crashes")}
        site = CrashSite(settings_for(instance.parent, mail_server, **more), mail_server, forked_servers.shared().start)
        seed = request.config.getoption("randomly_seed") if example_counts.EXPLORES else 7
        made = Rounds(site, Random(seed))
        yield made
        print(f"{request.param}: {made.summary()}")
        site.kill()


@pytest.mark.parametrize("group", WRITES)
def test_nothing_acknowledged_is_lost_in_whichever_place_the_server_is_killed(rounds, group):
    before = len(rounds.died)
    rounds.in_places(rounds.random.sample(WRITES[group], len(WRITES[group])), PLACES)
    assert len(rounds.died) == before + PLACES
    rounds.finish()


def test_nothing_acknowledged_is_lost_at_any_moment(rounds):
    kinds = [kind for group in WRITES.values() for kind in group]
    rounds.at_times(rounds.random.sample(kinds, len(kinds)), MOMENTS)
    rounds.finish()


def test_no_mail_is_lost_where_the_server_is_killed_while_sending_it(rounds):
    rounds.while_mailing(MAILED, [rounds.random.choice(IN_MAILING) for _ in range(MAILING)])
    rounds.finish()
