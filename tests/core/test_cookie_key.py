"""What signs cookies: the secret key, until it is renewed."""

import pytest
from sqlalchemy import delete

from tests.core.conftest import SECRET
from webapp.core.cookie_key import CookieKey
from webapp.core.models import StoredKeys
from webapp.settings import Settings

OTHER = SECRET[::-1]


@pytest.fixture
def process(ring, tmp_path):
    """Makes the cookie key as each process has it, and a function that renews it."""

    def make(secret_key=SECRET, *former):
        here = ring("ES256", secret_key, secret_key_fallbacks=former)
        settings = Settings(instance=tmp_path, secret_key=secret_key, secret_key_fallbacks=former)
        return here, CookieKey(settings, here.table)

    return make


def current(process):
    here, key = process
    here.table.look_again()
    return key.current()


def renew(process):
    here, key = process
    with here.database.write() as db:
        key.renew(db)


def test_the_cookie_key_is_the_secret_key_until_it_is_renewed(process):
    assert current(process()) == (SECRET,)


def test_a_renewal_applies_to_running_and_new_processes(process):
    here, elsewhere = process(), process()
    before = current(here)
    renew(elsewhere)
    first = current(here)
    assert before != first == current(elsewhere) == current(process())
    renew(here)
    assert current(elsewhere) == current(here) != first


def test_the_key_is_the_same_object_until_it_changes(process):
    here = process()
    renew(here)
    assert current(here) is current(here)


def test_a_former_secret_key_only_verifies_before_and_after_a_renewal(process):
    old = process()
    changed = process(OTHER, SECRET)
    assert current(changed) == (OTHER, SECRET)
    renew(changed)
    new = current(changed)
    assert len({*new, OTHER, SECRET}) == 4
    assert current(old)[0] != new[0]
    assert new[1] not in current(process(OTHER, SECRET))[:1]


def test_removing_the_row_does_not_restore_void_cookies(process):
    here = process()
    renew(here)
    now = current(here)
    with here[0].database.write() as db:
        db.execute(delete(StoredKeys))
    assert current(here) == now


def test_the_generation_is_encrypted(process):
    here = process()
    renew(here)
    with here[0].database.write() as db:
        generation = here[0].table.stored(db, "cookies")
        assert generation.encode() not in db.get_one(StoredKeys, "cookies").sealed
