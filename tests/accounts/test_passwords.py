"""Passwords: argon2id with bounded concurrency, and rules about length and context words."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from webapp.accounts.password_hasher import hash_of_nobody
from webapp.accounts.passwords import Passwords, RefusedPassword, TooBusy

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def passwords():
    return Passwords(at_once=2, minimum=15)


def test_a_hash_is_argon2id_with_the_parameters_of_owasp(passwords):
    assert passwords.hash("correct horse battery").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_hashes_of_one_password_differ(passwords):
    assert passwords.hash("correct horse battery") != passwords.hash("correct horse battery")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Passwörter sind 😀 lang", " spaces around are kept ", "x" * 256]
)
def test_only_the_exact_password_matches(passwords, password):
    hashed = passwords.hash(password)
    assert passwords.verify(password, hashed)
    assert not passwords.verify(password.strip() if password != password.strip() else password[:-1], hashed)


@pytest.mark.parametrize("hashed", [None, "", "nonsense", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "plain"])
def test_a_malformed_hash_matches_nothing(passwords, hashed):
    assert not passwords.verify("correct horse battery", hashed)


def test_the_hash_for_unknown_names_never_matches(passwords):
    """CVE-2022-24880: None is not False."""
    assert passwords.verify("", None) is False


def test_the_hash_for_unknown_names_costs_as_much_as_any_and_is_new_each_time(passwords):
    hashes = [hash_of_nobody(passwords.hasher) for _ in range(2)]
    assert hashes[0] != hashes[1]
    assert all(extract_parameters(one) == extract_parameters(passwords.hash("x")) for one in hashes)
    with pytest.raises(VerifyMismatchError):
        passwords.hasher.verify(hashes[0], "x")


def test_a_too_long_password_is_not_truncated(passwords):
    hashed = passwords.hash("x" * 256)
    assert not passwords.verify("x" * 257, hashed)


def test_a_hash_of_lower_cost_needs_a_rehash(passwords):
    cheap = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8B0ZqW3zT0xNn0cYhVt0uQ"
    assert passwords.needs_rehash(cheap, "x")
    assert not passwords.needs_rehash(passwords.hash("x"), "x")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("fourteen chars", id="too short"),
        pytest.param("", id="empty"),
        pytest.param("x" * 257, id="too long"),
        pytest.param("aaaaaaaaaaaaaaaaaaaa", id="one letter"),
        pytest.param("abcabcabcabcabcabc", id="three letters"),
        pytest.param("lovelacelovelace", id="the name twice"),
        pytest.param("LoveLaceLOVELACE", id="the name in other letters"),
        pytest.param("latchkeyLATCHKEYlatchkey", id="the name of the site"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(passwords, password):
    with pytest.raises(RefusedPassword):
        passwords.check(password, username="lovelace", site_name="Latchkey")


@pytest.mark.parametrize("password", ["hal hal hal hal", "Hal.hal.HAL.hal!", "hal-hal_hal+hal:hal"])
def test_a_name_with_punctuation_inside_is_recognised(passwords, password):
    with pytest.raises(RefusedPassword):
        passwords.check(password, username="hal")
    passwords.check(password, username="ada")
    passwords.check(f"{password} has other words too", username="hal")


def test_punctuation_alone_contains_no_name(passwords):
    passwords.check("?!.; ?!.; ?!.; ?!.;", username="hal")


@pytest.mark.parametrize(
    "password",
    [
        "correct umbrella battery otter",
        "fünfzehn Zeichen",
        "no digits and no signs",
        "fifteen letters",
        "x" * 250 + "abcdef",
    ],
)
def test_a_long_password_of_any_characters_is_accepted(passwords, password):
    passwords.check(password, username="ada", site_name="Latchkey")


class Slow:
    """Hashes until it is let go, and knows how many did at once."""

    def __init__(self):
        self.here, self.most, self.lock, self.go = 0, 0, threading.Lock(), threading.Event()
        self.both = threading.Event()

    def hash(self, password):
        with self.lock:
            self.here += 1
            self.most = max(self.most, self.here)
            if self.here == 2:
                self.both.set()
        assert self.go.wait(5)
        with self.lock:
            self.here -= 1
        return "hash"


def test_the_numbers_of_hashing_and_waiting_threads_are_limited():
    passwords = Passwords(at_once=2, minimum=15, waiting=3)
    passwords.hasher = slow = Slow()
    with ThreadPoolExecutor(12) as at_once:
        tries = [at_once.submit(passwords.hash, "x") for _ in range(12)]
        sent_away = list(islice(as_completed(tries, timeout=5), 7))
        assert slow.both.wait(5)
        slow.go.set()
    assert all(isinstance(gone.exception(), TooBusy) for gone in sent_away)
    assert [done.result() for done in tries if not done.exception()] == ["hash"] * 5
    assert slow.most == 2


def test_a_place_is_released_after_an_exception():
    class Broken:
        def hash(self, password):
            raise MemoryError

    passwords = Passwords(at_once=1, minimum=15, waiting=0)
    whole, passwords.hasher = passwords.hasher, Broken()
    for _ in range(3):
        with pytest.raises(MemoryError):
            passwords.hash("x")
    passwords.hasher = whole
    assert passwords.hash("x")


HASH_WITH_MANY_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from webapp.accounts.passwords import Passwords

def most():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

passwords, before = Passwords(2, 15, waiting=100), most()
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda number: passwords.verify(f"guess {number}", None), range(16)))
print(most() - before)
"""


def test_the_memory_of_hashing_is_limited_whatever_the_number_of_threads():
    """Each thread that ever hashed would keep its 19 MiB."""
    done = subprocess.run([sys.executable, "-c", HASH_WITH_MANY_THREADS], cwd=ROOT, capture_output=True, check=True)
    assert int(done.stdout) < 2 * 19 + 8


def test_after_a_change_of_parameters_an_unknown_name_costs_as_much_as_a_known_one():
    class Watched(PasswordHasher):
        def verify(self, *args):
            seen.append(extract_parameters(args[0]))
            return super().verify(*args)

    passwords, seen = Passwords(at_once=1, minimum=15), list[Parameters]()
    passwords.use_hasher(Watched(time_cost=1, memory_cost=8, parallelism=1))
    hashed = passwords.hash("correct horse battery")
    assert [passwords.verify("correct horse battery", one) for one in (hashed, None)] == [True, False]
    assert seen[0] == seen[1]
