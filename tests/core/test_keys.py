"""Signing keys: made once, rotated with overlap, and seen by everybody at once."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import delete, select, update

from webapp.core import clock, key_material, key_table
from webapp.core.keys import ConfiguredRing
from webapp.core.models import StoredKeys
from webapp.core.raw_reader import Unavailable
from webapp.core.signing_keys import generate
from webapp.core.table_ring import TableRing, ring_for
from webapp.settings import InstanceError, Settings

NOON = "2026-11-22T12:00:00+00:00"
DAY = timedelta(days=1)
SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"
ALGORITHMS = ("ES256", "EdDSA", "RS256", "HS256")


def pem(algorithm="ES256"):
    return key_material.private_pem(key_material.FAMILIES[algorithm].make())


def kids(ring):
    return [key.kid for key in tuple(ring.keys())]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_created_once_and_read_at_later_starts(ring, algorithm):
    first, second = ring(algorithm), ring(algorithm)
    assert first.current().kid == second.current().kid
    assert first.current().algorithm == algorithm
    assert second.find(first.current().kid) == second.current()


def test_the_keys_in_the_database_can_be_read_only_with_the_secret_key(ring):
    here = ring()
    with here.database.read() as db:
        sealed = db.scalars(select(StoredKeys.sealed)).one()
    assert not any(word in sealed for word in (b"PRIVATE", here.current().kid.encode()))
    with pytest.raises(InstanceError, match="cannot be decrypted"):
        ring(secret_key=SECRET[::-1])
    assert ring(secret_key=SECRET[::-1], secret_key_fallbacks=(SECRET,)).current().kid == here.current().kid


def test_keys_that_cannot_be_decrypted_stop_the_start_and_are_not_replaced(ring):
    here = ring()
    damage(here)
    with pytest.raises(InstanceError, match="cannot be decrypted"):
        ring()
    with here.database.read() as db:
        assert db.scalars(select(StoredKeys.sealed)).one() == b"damaged"


def damage(here):
    with here.database.write() as db:
        db.execute(update(StoredKeys).values(sealed=b"damaged", version=StoredKeys.version + 1))


def test_keys_cannot_be_moved_to_another_name(ring):
    """Who can write to the database, but does not have the secret key, cannot make the RSA key sign tokens."""
    here = ring()
    with here.database.write() as db:
        db.execute(update(StoredKeys).values(name="id_token_keys"))
    other = TableRing(here.table, algorithm="ES256", overlap=DAY, name="id_token_keys")
    here.table.look_again()
    assert not other.has_keys


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_after_a_rotation_the_old_key_verifies_until_its_overlap_is_over(ring, algorithm):
    with time_machine.travel(NOON, tick=False) as traveller:
        here, elsewhere = ring(algorithm), ring(algorithm)
        old = here.current().kid
        new = here.rotate(DAY).kid
        assert elsewhere.current().kid == here.current().kid == new != old
        traveller.shift(DAY - timedelta(seconds=1))
        assert elsewhere.find(old)
        assert here.find(old)
        traveller.shift(1)
        assert elsewhere.find(old) is None
        assert here.find(old) is None
        assert elsewhere.find(new)


def test_a_rotation_in_another_process_is_seen_at_the_next_look(ring):
    here, elsewhere = ring(), ring()
    new = elsewhere.rotate(DAY).kid
    assert here.current().kid == new


def test_the_version_changes_with_a_rotation_and_with_the_end_of_a_key(ring):
    with time_machine.travel(NOON, tick=False) as traveller:
        here = ring()
        first = here.version
        here.rotate(DAY)
        second = here.version
        traveller.shift(DAY)
        assert len({first, second, here.version}) == 3


def test_a_retired_key_cannot_sign(ring):
    here = ring()
    old = here.current().kid
    here.rotate(DAY)
    kept = here.find(old)
    assert kept is not None
    assert kept.private is None
    assert not kept.may_sign
    assert here.stored().count("PRIVATE KEY") == 2


def test_a_new_algorithm_setting_creates_a_key_and_keeps_the_old_one_for_verifying(ring):
    old = ring("RS256").current().kid
    here = ring("ES256")
    assert here.current().algorithm == "ES256"
    kept = here.find(old)
    assert kept is not None
    assert kept.algorithm == "RS256"


def test_keys_removed_from_the_table_at_runtime_do_not_invalidate_tokens(ring):
    here = ring()
    kid = here.current().kid
    with here.database.write() as db:
        db.execute(delete(StoredKeys))
    assert here.find(kid)
    assert here.current().kid == kid


def test_keys_damaged_at_runtime_do_not_invalidate_tokens(ring, caplog):
    here = ring()
    kid = here.current().kid
    damage(here)
    assert here.find(kid)
    assert "unreadable" in caplog.text


def test_a_database_that_does_not_answer_does_not_invalidate_tokens(ring, monkeypatch, caplog):
    here, started_now = ring(), ring()

    def refuse(*_):
        raise Unavailable("down")

    kid = here.current().kid
    for process in (here, started_now):
        monkeypatch.setattr(process.database, "row", refuse)
    assert here.find(kid)
    assert "not available" in caplog.text
    with pytest.raises(Unavailable):
        started_now.find(kid)


def test_without_keys_the_database_must_be_upgraded_first(ring):
    here = ring()
    other = TableRing(here.table, algorithm="ES256", overlap=DAY, name="other")
    with pytest.raises(InstanceError, match="db upgrade"):
        other.current()


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_the_published_keys_are_public_and_state_their_use(ring, algorithm):
    here = ring(algorithm)
    here.rotate(DAY)
    published = here.jwks()["keys"]
    assert [key["kid"] for key in published] == kids(here)
    assert all(key["use"] == "sig" and key["alg"] == algorithm for key in published)
    assert not {"d", "p", "q", "k"} & {name for key in published for name in key}
    json.dumps(published)


def test_a_shared_secret_is_never_published(ring):
    assert ring("HS256").jwks() == {"keys": []}


def test_a_kid_is_the_thumbprint_of_rfc_7638():
    """The example of RFC 7638 §3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q"
        "MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ"
        "zKnqDKgw"
    )
    number = int.from_bytes(base64.urlsafe_b64decode(modulus + "=="), "big")
    key = rsa.RSAPublicNumbers(65537, number).public_key()
    assert key_material.thumbprint(key, algorithm="RS256") == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_settings_select_the_key_ring(ring, tmp_path):
    table = ring().table
    assert isinstance(ring_for(Settings(instance=tmp_path, secret_key=SECRET), table), TableRing)
    assert isinstance(
        ring_for(Settings(instance=tmp_path, secret_key=SECRET, signing_key=pem()), table), ConfiguredRing
    )


def test_the_repr_of_a_key_hides_the_private_part():
    assert "private" not in repr(generate("HS256", clock.now()))


def test_finding_a_key_looks_at_the_table_at_most_once_a_second(ring, monkeypatch):
    here = ring()
    kid = here.current().kid
    here.table.look_again()
    seconds, looks, row = [1000.0], [], here.database.row
    monkeypatch.setattr(key_table, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(here.database, "row", lambda *given: looks.append(given) or row(*given))
    monkeypatch.setattr(here.database, "read", lambda: pytest.fail("read anew although nothing changed"))
    for passed, expected in ((0.0, 1), (0.9, 1), (0.2, 2), (0.5, 2)):
        seconds[0] += passed
        for _ in range(100):
            assert here.ring.find(kid)
        assert len(looks) == expected


def test_a_rotation_elsewhere_is_seen_within_a_second(ring, monkeypatch):
    here, elsewhere = ring(), ring()
    seconds = [1000.0]
    monkeypatch.setattr(key_table, "monotonic", lambda: seconds[0])
    old = here.current().kid
    new = elsewhere.rotate(DAY).kid
    assert here.ring.current().kid == old
    seconds[0] += key_table.INTERVAL
    assert here.ring.current().kid == new
