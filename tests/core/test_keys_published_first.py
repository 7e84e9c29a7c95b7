"""A rotated key is published before it signs, so that services which keep our keys for a while know it by then."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine

from tests.core.test_keys import ALGORITHMS, DAY, NOON, ROOT, ring
from webapp.core import jwt
from webapp.core.clock import now
from webapp.core.keys import RotationRefused
from webapp.settings import private_files

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


def uses(ring):
    """Of each key, in their order: whether it waits, signs, or only verifies."""
    at = now()
    words = {True: "waits", False: "verifies"}
    return ["signs" if key.may_sign else words[key.is_pending(at)] for key in tuple(ring.keys())]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_is_published_then_signs_while_the_old_one_verifies_and_then_is_alone(tmp_path, clock, algorithm):
    here, elsewhere = ring(tmp_path, algorithm), ring(tmp_path, algorithm)
    old = here.current().kid
    new = here.rotate(DAY, signs_after=HOUR).kid
    for passed, expected, kid in (
        (timedelta(), ["waits", "signs"], old),
        (HOUR - SECOND, ["waits", "signs"], old),
        (SECOND, ["signs", "verifies"], new),
        (DAY - SECOND, ["signs", "verifies"], new),
        (SECOND, ["signs"], new),
    ):
        clock.shift(passed)
        started_now = ring(tmp_path, algorithm)
        for process in (here, elsewhere, started_now):
            assert (uses(process), process.current().kid) == (expected, kid)
            assert process.find(new)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_both_are_in_the_published_keys_from_the_first_moment(tmp_path, clock, algorithm):
    here = ring(tmp_path, algorithm)
    old, version = here.current().kid, here.version
    new = here.rotate(DAY, signs_after=HOUR).kid
    assert {key["kid"] for key in here.jwks()["keys"]} == {old, new}
    assert here.version != version


def test_tokens_name_the_key_that_signs_at_that_time(tmp_path, clock):
    here = ring(tmp_path)

    def signed():
        claims = {"iss": "https://a", "aud": "https://a", "sub": "x", "jti": "y", "iat": int(now().timestamp())}
        token = jwt.sign(claims | {"exp": claims["iat"] + 9}, typ="at+jwt", key=here.current())
        assert jwt.verify(token, typ="at+jwt", issuer="https://a", audience="https://a", ring=here)
        return jwt.read(token)[0]["kid"]

    old = here.current().kid
    new = here.rotate(DAY, signs_after=HOUR).kid
    assert signed() == old
    clock.shift(HOUR)
    assert signed() == new


def test_a_key_that_was_chosen_just_before_it_retired_still_signs(tmp_path, clock):
    here = ring(tmp_path, "HS256")
    here.rotate(DAY, signs_after=HOUR)
    chosen = here.current()
    clock.shift(HOUR)
    assert jwt.sign({"sub": "x"}, typ="at+jwt", key=chosen)
    with pytest.raises(ValueError, match="retired"):
        jwt.sign({"sub": "x"}, typ="at+jwt", key=here.find(chosen.kid))


def test_the_old_private_key_leaves_the_file_as_soon_as_a_process_looks(tmp_path, clock):
    here = ring(tmp_path)
    file = tmp_path / "signing_keys.json"
    here.rotate(DAY, signs_after=HOUR)
    assert file.read_text().count("BEGIN PRIVATE KEY") == 2
    clock.shift(HOUR)
    here.view()
    assert file.read_text().count("BEGIN PRIVATE KEY") == 1
    assert here.view().keys[1].private is None


def test_a_folder_that_cannot_be_written_then_stops_no_request(tmp_path, clock, monkeypatch):
    here = ring(tmp_path)
    new = here.rotate(DAY, signs_after=HOUR).kid
    clock.shift(HOUR)

    def refuse(*_):
        raise private_files.InstanceError("read-only")

    monkeypatch.setattr(private_files, "write", refuse)
    assert here.current().kid == new


def test_a_key_file_that_was_removed_meanwhile_is_not_written_empty(tmp_path, clock):
    here = ring(tmp_path)
    here.rotate(DAY, signs_after=HOUR)
    here.view()
    (tmp_path / "signing_keys.json").unlink()
    clock.shift(HOUR)
    assert here.current()
    assert not (tmp_path / "signing_keys.json").exists()


def test_while_one_waits_another_is_refused_unless_it_signs_at_once(tmp_path, clock):
    here = ring(tmp_path)
    old = here.current().kid
    waiting = here.rotate(DAY, signs_after=HOUR).kid
    with pytest.raises(RotationRefused, match="does not sign yet"):
        here.rotate(DAY, signs_after=HOUR)
    new = here.rotate(DAY).kid
    assert [here.current().kid, here.find(waiting)] == [new, None]
    assert here.find(old).ends_at == now() + DAY
    assert uses(here) == ["signs", "verifies"]


def test_one_that_waits_is_withdrawn_and_the_old_one_goes_on(tmp_path, clock):
    here = ring(tmp_path)
    old = here.current().kid
    here.retire(here.rotate(DAY, signs_after=HOUR).kid)
    clock.shift(2 * DAY)
    assert (uses(here), ring(tmp_path).current().kid) == (["signs"], old)


def test_the_old_one_cannot_be_retired_while_it_signs(tmp_path, clock):
    here = ring(tmp_path)
    old = here.current().kid
    here.rotate(DAY, signs_after=HOUR)
    with pytest.raises(RotationRefused, match="signs new tokens"):
        here.retire(old)
    clock.shift(HOUR)
    here.retire(old)
    assert here.find(old) is None


def test_after_a_theft_no_key_is_left_to_wait(tmp_path, clock):
    here = ring(tmp_path)
    here.rotate(DAY, signs_after=HOUR)
    new = here.replace().kid
    assert [key.kid for key in tuple(here.keys())] == [new]


def test_another_algorithm_signs_from_the_start_and_the_waiting_key_is_dropped(tmp_path, clock):
    here = ring(tmp_path, "RS256")
    here.rotate(DAY, signs_after=HOUR)
    assert ring(tmp_path, "ES256").current().algorithm == "ES256"
    assert uses(here) == ["signs", "verifies"]


def test_a_file_of_an_earlier_version_is_read(tmp_path):
    kid = ring(tmp_path).current().kid
    file = tmp_path / "signing_keys.json"
    entries = json.loads(file.read_text())
    del entries["keys"][0]["signs_from"]
    file.write_text(json.dumps(entries))
    assert ring(tmp_path).current().kid == kid


def test_another_process_sees_it_at_once(tmp_path, clock):
    here = ring(tmp_path)
    lines = (
        "import sys, pathlib, datetime",
        "from webapp.core.keys import FileRing",
        "day = datetime.timedelta(days=1)",
        "ring = FileRing(pathlib.Path(sys.argv[1]), algorithm='ES256', overlap=day)",
        "print(ring.rotate(day, signs_after=365 * day).kid)",
    )
    command = [sys.executable, "-W", "error", "-c", "; ".join(lines), str(tmp_path)]
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    assert here.find(made)
    assert here.current().kid != made
