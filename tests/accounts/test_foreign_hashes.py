"""Password hashes of other programs: recognized, compared, bounded, refused by name."""

import time
from datetime import timedelta

import pytest

from tests.accounts.foreign_hashes import HASHES, PASSWORD, SALT, by_passlib, django_pbkdf2, flask_security_hmac
from tests.factories import HASHED, QUICK
from webapp.accounts import foreign_hash_schemes
from webapp.accounts.foreign_hashes import InvalidHash, checked_hash, cost_of, is_foreign, matches, recognized
from webapp.accounts.password_hasher import HASHER
from webapp.accounts.passwords import Passwords

every_hash = pytest.mark.parametrize("hashed", HASHES.values(), ids=HASHES)


def passwords():
    return Passwords(1, 15, hasher=QUICK, response_interval=timedelta(), flask_security_salt=SALT)


@every_hash
def test_the_right_password_matches_and_no_other(hashed):
    stored, site = checked_hash(hashed), passwords()
    assert site.verify(PASSWORD, stored)
    for wrong in (PASSWORD + " ", PASSWORD.upper(), "", "x" * 300):
        assert not site.verify(wrong, stored)


def test_there_is_a_hash_of_every_format():
    assert {recognized(checked_hash(h)).scheme.name for h in HASHES.values()} == {
        scheme.name for scheme in foreign_hash_schemes.SCHEMES
    }


@every_hash
@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x" * 73, "ü" * 256, "\x00" * 80, "a\nb"], ids=ascii)
def test_no_password_is_an_error(hashed, odd):
    assert not matches(odd, checked_hash(hashed), signing_key=SALT)


@every_hash
def test_a_foreign_hash_is_replaced_at_the_next_login(hashed):
    site, stored = passwords(), checked_hash(hashed)
    if is_foreign(stored):
        assert site.needs_rehash(stored, PASSWORD)
    # One that happens to have the parameters of this site is as good as its own.
    assert not site.needs_rehash(site.hash(PASSWORD), PASSWORD)


def test_a_long_password_is_truncated_for_bcrypt_as_by_the_former_program():
    made_of_72 = by_passlib("bcrypt", "x" * 72, rounds=4)
    assert matches("x" * 100, made_of_72, signing_key="")


def test_a_password_is_compared_as_it_was_typed_and_hashed_in_its_normalized_form():
    decomposed = "Gro\u0308\u00dfe of old times"
    site, stored = passwords(), by_passlib("bcrypt", decomposed, rounds=4)
    assert site.verify(decomposed, stored)
    assert site.verify("Gr\u00f6\u00dfe of old times", site.hash(decomposed))


@pytest.mark.parametrize("salt", ["", "another salt"])
def test_hashes_of_flask_security_need_its_salt(salt):
    assert not matches(PASSWORD, HASHES["Flask-Security argon2"], signing_key=salt)


def test_flask_security_normalizes_before_it_hashes():
    stored = "{flask-security}" + by_passlib("bcrypt", flask_security_hmac("Gr\u00f6\u00dfe")[:72], rounds=4)
    assert matches("Gro\u0308\u00dfe", stored, signing_key=SALT)


TOO_MUCH = {
    "bcrypt with cost 31": "$2b$31$" + "a" * 21 + "u" + "a" * 31,
    "bcrypt with cost 15": "$2b$15$" + "a" * 21 + "u" + "a" * 31,
    "a thousand million rounds": "pbkdf2_sha256$1000000000$abc$" + "a" * 43 + "=",
    "werkzeug pbkdf2": "pbkdf2:sha256:9999999999$abc$" + "0" * 64,
    "passlib pbkdf2": "$pbkdf2-sha512$4000000000$abc$" + "a" * 86,
    "scrypt that takes a GiB": "scrypt:1048576:8:1$abc$" + "0" * 128,
    "scrypt with many lanes": "scrypt:16384:8:9999$abc$" + "0" * 128,
    "Django scrypt": "scrypt$1048576$abc$8$5$" + "a" * 86 + "==",
    "passlib scrypt": "$scrypt$ln=31,r=8,p=1$abc$" + "a" * 43,
    "argon2 that takes 256 MiB": "$argon2id$v=19$m=262144,t=1,p=1$" + "a" * 22 + "$" + "a" * 43,
    "argon2 with a million passes": "$argon2id$v=19$m=8,t=99999999,p=1$" + "a" * 22 + "$" + "a" * 43,
    "sha512-crypt": "$6$rounds=999999999$abc$" + "a" * 86,
    "phpass": "$P$S" + "a" * 30,
    "signed by Flask-Security": "{flask-security}$2b$31$" + "a" * 21 + "u" + "a" * 31,
}


@pytest.mark.parametrize("hashed", TOO_MUCH.values(), ids=TOO_MUCH)
def test_an_absurd_work_factor_is_refused_without_being_tried(hashed):
    began = time.thread_time()
    with pytest.raises(InvalidHash, match=r"too high|too large"):
        checked_hash(hashed)
    assert time.thread_time() - began < 0.1


@pytest.mark.parametrize(
    "hashed",
    [
        *("$2b$12$" + "a" * 21 + "u" + "a" * 31, "$6$rounds=656000$abc$" + "a" * 86),
        *(
            "pbkdf2_sha256$1200000$abc$" + "a" * 43 + "=",
            "$argon2id$v=19$m=102400,t=2,p=8$" + "a" * 22 + "$" + "a" * 43,
        ),
        *("scrypt:32768:8:1$abc$" + "0" * 128, "scrypt$16384$abc$8$5$" + "a" * 86 + "=="),
        *("$pbkdf2-sha512$25000$abcdef$" + "a" * 86, "$scrypt$ln=16,r=8,p=1$YWJj$" + "a" * 43),
    ],
    ids=["bcrypt", "sha512-crypt", "Django", "Django-argon2", "werkzeug", "Django-scrypt", "passlib", "passlib-scrypt"],
)
def test_default_work_factors_of_the_programs_are_within_the_limits(hashed):
    found = recognized(hashed)
    assert found.milliseconds <= 1500
    assert found.mebibytes <= 128


SEEN = {
    "5f4dcc3b5aa765d61d8327deb882cf99": "it is unsalted MD5",
    "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8": "it is unsalted SHA-1",
    "5" * 64: "it is unsalted SHA-256",
    "CXweggu6olfac": "it is DES crypt",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7": "it is yescrypt",
    "$2x$05$" + "a" * 53: "it is bcrypt 2x",
    "sha1$abc$" + "0" * 40: "it is Django salted MD5 or SHA-1",
    "sha256$abc$" + "0" * 64: "it is a werkzeug hash without rounds",
    "{SMD5}abcdefgh": "it is LDAP salted MD5",
    "$2b$12$tooshort": "it begins like bcrypt, but is malformed",
    "pbkdf2_sha256$1000$abc$short": "it begins like Django pbkdf2, but is malformed",
    "hunter2!": "it is 8 characters in no known format",
    "x" * 5000: "it is 5000 characters in no known format",
    "{SSHA}" + "a" * 500: "it begins like LDAP SSHA, but is malformed",
    "scrypt:1000:8:1$abc$" + "0" * 128: "looks like werkzeug scrypt, but is malformed",
    "pbkdf2_sha256$0$abc$" + "a" * 43 + "=": "looks like Django pbkdf2, but is malformed",
    "$argon2id$v=19$m=7,t=1,p=1$" + "a" * 22 + "$" + "a" * 43: "looks like argon2, but is malformed",
}


@pytest.mark.parametrize(("hashed", "said"), SEEN.items(), ids=SEEN.values())
def test_a_refused_format_is_named_without_repeating_the_hash(hashed, said):
    with pytest.raises(InvalidHash) as refused:
        checked_hash(hashed)
    assert said in str(refused.value)
    assert hashed[3:] not in str(refused.value)


def test_only_foreign_hashes_have_a_stored_cost():
    assert [cost_of(hashed) for hashed in ("", HASHED, HASHER.hash("x"), "unknown")] == [None] * 4
    assert cost_of(by_passlib("apr_md5_crypt")) == 0
    assert cost_of(django_pbkdf2(rounds=1_000_000 // 1000)) == 0
    assert cost_of("$2b$12$" + "a" * 21 + "u" + "a" * 31) == 300
    assert cost_of("$argon2id$v=19$m=102400,t=2,p=8$" + "a" * 22 + "$" + "a" * 43) == 205


@pytest.mark.parametrize(
    ("costliest", "slowest", "interval"),
    [
        pytest.param(0, 0.0, 50, id="none was imported"),
        pytest.param(40, 9.0, 50, id="none takes longer than the site's own"),
        pytest.param(300, 0.0, 600, id="twice what it takes"),
        pytest.param(310, 0.0, 650, id="a multiple of 50 ms"),
        pytest.param(300, 0.6, 900, id="more on a machine that was seen to be slower"),
        pytest.param(300, 60.0, 1200, id="and never more than four times"),
    ],
)
def test_refusals_wait_for_the_slowest_imported_hash(costliest, slowest, interval):
    site = Passwords(1, 15, hasher=QUICK)
    site._slowest = slowest
    assert site.interval(costliest) == timedelta(milliseconds=interval)
