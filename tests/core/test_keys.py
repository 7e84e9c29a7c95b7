"""Signing keys: made once, rotated with overlap, and seen by everybody at once."""

import base64
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa

from webapp.core import clock, key_material
from webapp.core.keys import FileRing, GivenRing, ring_for
from webapp.core.signing_keys import generate
from webapp.settings import InstanceError, Settings, private_files

ROOT = Path(__file__).parents[2]
NOON = "2026-11-22T12:00:00+00:00"
DAY = timedelta(days=1)
SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"
ALGORITHMS = ("ES256", "EdDSA", "RS256", "HS256")


def ring(instance, algorithm="ES256"):
    return FileRing(instance, algorithm=algorithm, overlap=DAY)


def pem(algorithm="ES256"):
    return key_material.private_pem(key_material.FAMILIES[algorithm].make())


def kids(ring):
    return [key.kid for key in tuple(ring.keys())]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_created_once_and_read_at_later_starts(tmp_path, algorithm):
    first, second = ring(tmp_path, algorithm), ring(tmp_path, algorithm)
    assert first.current().kid == second.current().kid
    assert first.current().algorithm == algorithm
    assert second.find(first.current().kid) == second.current()


def test_only_the_owner_can_read_the_key_file(tmp_path):
    ring(tmp_path)
    assert (tmp_path / "signing_keys.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "signing_keys.json").chmod(0o604)
    with pytest.raises(InstanceError, match="chmod 600"):
        ring(tmp_path)


def test_a_damaged_key_file_stops_the_start_and_is_not_replaced(tmp_path):
    ring(tmp_path)
    (tmp_path / "signing_keys.json").write_text('{"keys": [{"kid": 1}]}')
    with pytest.raises(InstanceError, match="damaged"):
        ring(tmp_path)
    assert "1" in (tmp_path / "signing_keys.json").read_text()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_after_a_rotation_the_old_key_verifies_until_its_overlap_is_over(tmp_path, algorithm):
    with time_machine.travel(NOON, tick=False) as traveller:
        here, elsewhere = ring(tmp_path, algorithm), ring(tmp_path, algorithm)
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


def test_a_rotation_in_another_process_applies_at_once(tmp_path):
    here = ring(tmp_path)
    rotate = "; ".join(
        [
            "import sys, pathlib, datetime",
            "from webapp.core.keys import FileRing",
            "day = datetime.timedelta(days=1)",
            "print(FileRing(pathlib.Path(sys.argv[1]), algorithm='ES256', overlap=day).rotate(day).kid)",
        ]
    )
    command = [sys.executable, "-W", "error", "-c", rotate, str(tmp_path)]
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    assert here.current().kid == made


def test_the_version_changes_with_a_rotation_and_with_the_end_of_a_key(tmp_path):
    with time_machine.travel(NOON, tick=False) as traveller:
        here = ring(tmp_path)
        first = here.version
        here.rotate(DAY)
        second = here.version
        traveller.shift(DAY)
        assert len({first, second, here.version}) == 3


def test_a_retired_key_cannot_sign(tmp_path):
    here = ring(tmp_path)
    old = here.current().kid
    here.rotate(DAY)
    kept = here.find(old)
    assert kept is not None
    assert kept.private is None
    assert not kept.may_sign
    assert (tmp_path / "signing_keys.json").read_text().count("PRIVATE KEY") == 2


def test_a_new_algorithm_setting_creates_a_key_and_keeps_the_old_one_for_verifying(tmp_path):
    old = ring(tmp_path, "RS256").current().kid
    here = ring(tmp_path, "ES256")
    assert here.current().algorithm == "ES256"
    kept = here.find(old)
    assert kept is not None
    assert kept.algorithm == "RS256"


def test_a_key_file_removed_at_runtime_does_not_invalidate_tokens(tmp_path):
    here = ring(tmp_path)
    kid = here.current().kid
    (tmp_path / "signing_keys.json").unlink()
    assert here.find(kid)
    assert here.current().kid == kid


def test_a_key_file_damaged_at_runtime_does_not_invalidate_tokens(tmp_path, caplog):
    here = ring(tmp_path)
    kid = here.current().kid
    (tmp_path / "signing_keys.json").write_text("{")
    assert here.find(kid)
    assert "unreadable" in caplog.text


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_the_published_keys_are_public_and_state_their_use(tmp_path, algorithm):
    here = ring(tmp_path, algorithm)
    here.rotate(DAY)
    published = here.jwks()["keys"]
    assert [key["kid"] for key in published] == kids(here)
    assert all(key["use"] == "sig" and key["alg"] == algorithm for key in published)
    assert not {"d", "p", "q", "k"} & {name for key in published for name in key}
    json.dumps(published)


def test_a_shared_secret_is_never_published(tmp_path):
    assert ring(tmp_path, "HS256").jwks() == {"keys": []}


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


def test_the_settings_select_the_key_ring(tmp_path):
    assert isinstance(ring_for(Settings(instance=tmp_path, secret_key=SECRET)), FileRing)
    assert isinstance(ring_for(Settings(instance=tmp_path, secret_key=SECRET, signing_key=pem())), GivenRing)


def test_the_repr_of_a_key_hides_the_private_part():
    assert "private" not in repr(generate("HS256", clock.now()))


def test_finding_a_key_needs_one_stat_call_and_reads_no_file(tmp_path, monkeypatch):
    here = ring(tmp_path)
    kid, looks, stamp = here.current().kid, [], private_files.stamp
    monkeypatch.setattr(private_files, "stamp", lambda path: looks.append(path) or stamp(path))
    monkeypatch.setattr(private_files, "read", lambda path: pytest.fail(f"{path} was read"))
    for _ in range(100):
        assert here.find(kid)
    assert looks == [str(tmp_path / "signing_keys.json")] * 100
