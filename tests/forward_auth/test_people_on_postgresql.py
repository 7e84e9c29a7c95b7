"""What people do with apps, on PostgreSQL: tests of SQLite's files with another database."""

import shutil
from itertools import count

import pytest

from tests.forward_auth import test_access_requests as requests
from tests.forward_auth import test_guest_links as links
from tests.forward_auth import test_own_apps as own
from webapp.app import close
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.testing import build

pytestmark = pytest.mark.xdist_group("races")
numbers = count()

owner, wiki, bob = requests.owner, requests.wiki, requests.bob
photos, ada, guest = links.photos, links.ada, links.guest

test_asked_and_granted = requests.test_access_is_asked_for_granted_for_an_hour_and_ends_by_itself
test_ended_early = requests.test_access_is_ended_early_by_owner_administrator_or_person
test_purged_grants = requests.test_ended_grants_are_purged
test_links_are_shown_once = links.test_link_is_shown_once_listed_audited_and_revoked_on_the_page
test_purged_links = links.test_link_ends_by_itself_and_is_purged
test_logins_at_apps = own.test_logins_at_apps_are_listed_under_their_session_and_end_one_by_one
test_purged_logins = own.test_login_at_an_app_and_old_tickets_are_purged_with_their_session
test_openings = own.test_opening_is_recorded_with_the_name_of_the_app


@pytest.fixture(scope="module")
def migrated_server(tmp_path_factory, postgresql):
    folder = tmp_path_factory.mktemp("people") / "instance"
    url = postgresql("people_with_apps")
    schema.upgrade(CommandContext({"WEBAPP_INSTANCE": str(folder), "WEBAPP_DATABASE_URL": url}).settings)
    return folder


@pytest.fixture
def make_app(tmp_path, postgresql, migrated_server):
    folder = shutil.copytree(migrated_server, tmp_path / "instance")
    url, made = postgresql(f"person_with_apps_{next(numbers)}", "people_with_apps"), []

    def make(**settings):
        made.append(build(folder, WEBAPP_DATABASE_URL=url, **settings))
        return made[-1]

    yield make
    for app in made:
        close(app)
