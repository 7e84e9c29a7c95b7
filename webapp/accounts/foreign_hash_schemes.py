"""Formats of password hashes of other programs: how each is recognized and checked, and what a check costs."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
from argon2 import PasswordHasher
from werkzeug.security import check_password_hash

from webapp.core.lazy_import import lazily

# Longer passwords are cut there by bcrypt itself, and refused by this library.
BCRYPT_BYTES = 72

BCRYPT = re.compile(r"\$2[aby]\$(?P<log_rounds>0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
PASSLIB_BCRYPT_SHA256 = re.compile(
    r"\$bcrypt-sha256\$(?:v=2,t=2b,r=|2[ab],)(?P<log_rounds>[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}"
)
DJANGO_BCRYPT_SHA256 = re.compile(
    r"bcrypt_sha256\$\$2[aby]\$(?P<log_rounds>0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}"
)
ARGON2 = re.compile(
    r"\$argon2(?:id|i|d)\$v=\d{2}\$m=(?P<memory>\d{1,8}),t=(?P<passes>\d{1,8}),p=(?P<lanes>\d{1,2})"
    r"\$[+/A-Za-z0-9]{11,86}\$[+/A-Za-z0-9]{16,86}"
)
WERKZEUG_SCRYPT = re.compile(r"scrypt:(?P<n>\d{1,10}):(?P<r>\d{1,4}):(?P<p>\d{1,4})\$[A-Za-z0-9]{1,64}\$[0-9a-f]{128}")
WERKZEUG_PBKDF2 = re.compile(
    r"pbkdf2:(?P<digest>sha1|sha256|sha512):(?P<rounds>\d{1,10})\$[A-Za-z0-9]{1,64}\$[0-9a-f]{40,128}"
)
DJANGO_PBKDF2 = re.compile(
    r"pbkdf2_(?P<digest>sha1|sha256)\$(?P<rounds>\d{1,10})\$[A-Za-z0-9]{1,64}\$[+/A-Za-z0-9]{27,43}="
)
DJANGO_SCRYPT = re.compile(
    r"scrypt\$(?P<n>\d{1,10})\$(?P<salt>[A-Za-z0-9]{1,64})\$(?P<r>\d{1,4})\$(?P<p>\d{1,4})\$(?P<key>[+/A-Za-z0-9]{86}==)"
)
PASSLIB_PBKDF2 = re.compile(
    r"\$pbkdf2(?:-(?P<digest>sha256|sha512))?\$(?P<rounds>\d{1,10})\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{27,86}"
)
PASSLIB_SCRYPT = re.compile(
    r"\$scrypt\$ln=(?P<log_n>[1-9]\d?),r=(?P<r>\d{1,4}),p=(?P<p>\d{1,4})\$[+/A-Za-z0-9]{0,86}\$[+/A-Za-z0-9]{43}"
)
SHA512_CRYPT = re.compile(r"\$6\$(?:rounds=(?P<rounds>\d{4,9})\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{86}")
SHA256_CRYPT = re.compile(r"\$5\$(?:rounds=(?P<rounds>\d{4,9})\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{43}")
MD5_CRYPT = re.compile(r"\$1\$[./A-Za-z0-9]{0,8}\$[./A-Za-z0-9]{22}")
APR1 = re.compile(r"\$apr1\$[./A-Za-z0-9]{0,8}\$[./A-Za-z0-9]{22}")
PHPASS = re.compile(r"\$[PH]\$(?P<log_rounds>[5-9A-S])[./A-Za-z0-9]{30}")
END_OF_BASE64 = r"(?:[+/A-Za-z0-9]{4}|[+/A-Za-z0-9]{3}=|[+/A-Za-z0-9]{2}==)"
LDAP_SHA = re.compile(r"\{SHA\}[+/A-Za-z0-9]{27}=")
LDAP_SSHA = re.compile(r"\{SSHA\}(?:[+/A-Za-z0-9]{4}){7,11}" + END_OF_BASE64)
LDAP_SSHA256 = re.compile(r"\{SSHA256\}(?:[+/A-Za-z0-9]{4}){11,15}" + END_OF_BASE64)
LDAP_SSHA512 = re.compile(r"\{SSHA512\}(?:[+/A-Za-z0-9]{4}){22,26}" + END_OF_BASE64)

Parameters = dict[str, str]
"""The named groups of a pattern; those that are missing are left out."""


@dataclass(frozen=True, slots=True)
class Scheme:
    name: str
    pattern: re.Pattern[str]
    milliseconds: Callable[[Parameters], float]
    """Approximate time to check a password, measured on one core of a server of 2026."""
    matches: Callable[[str, str], bool]
    """Whether a password, the first argument, belongs to a hash. Raises ``ValueError`` for passwords that it cannot
    check, such as those with a NUL."""
    mebibytes: Callable[[Parameters], float] = lambda _parameters: 0
    is_weak: bool = False
    """Whether graphics cards can try millions of passwords a second or more, so that leaked hashes are soon cracked."""

    @property
    def prefix(self) -> str:
        """The prefix of every hash of this scheme."""
        return self.pattern.pattern.replace("\\", "").partition("(")[0].partition("[")[0]


def by_passlib(name: str) -> Callable[[str, str], bool]:
    """A check by the handler of this name; libpass is the maintained fork of passlib and keeps its module name."""
    return lambda password, hashed: bool(getattr(lazily("passlib.hash"), name).verify(password, hashed))


def by_passlib_digest(names: dict[str, str]) -> Callable[[str, str], bool]:
    """A check by the handler whose prefix the hash has."""

    def matches(password: str, hashed: str) -> bool:
        return by_passlib(next(name for prefix, name in names.items() if hashed.startswith(prefix)))(password, hashed)

    return matches


def by_bcrypt(password: str, hashed: str) -> bool:
    return bcrypt.checkpw(password.encode()[:BCRYPT_BYTES], hashed.encode())


def by_argon2(password: str, hashed: str) -> bool:
    return PasswordHasher().verify(hashed, password)


def by_werkzeug(password: str, hashed: str) -> bool:
    return check_password_hash(hashed, password)


def by_django_scrypt(password: str, hashed: str) -> bool:
    """``scrypt$n$salt$r$p$key``, as Django's ScryptPasswordHasher writes it."""
    _name, n, salt, r, p, key = hashed.split("$")
    memory = 2 * 128 * int(n) * int(r) * int(p)
    derived = hashlib.scrypt(
        password.encode(), salt=salt.encode(), n=int(n), r=int(r), p=int(p), maxmem=memory, dklen=64
    )
    return hmac.compare_digest(derived, base64.b64decode(key))


def bcrypt_time(parameters: Parameters) -> float:
    return float(300 * 2.0 ** (int(parameters["log_rounds"]) - 12))


# Milliseconds for a thousand rounds. The last two are computed by Python itself.
PBKDF2_TIMES = {"sha1": 0.43, "sha256": 0.38, "sha512": 1.1}
SHA512_CRYPT_TIME, SHA256_CRYPT_TIME = 0.9, 0.7
# Default of both without ``rounds=``.
SHA_CRYPT_ROUNDS = 5000
PHPASS_ROUNDS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pbkdf2_time(parameters: Parameters) -> float:
    return int(parameters["rounds"]) / 1000 * PBKDF2_TIMES[parameters.get("digest", "sha1")]


def sha_crypt_time(each: float) -> Callable[[Parameters], float]:
    return lambda parameters: int(parameters.get("rounds", SHA_CRYPT_ROUNDS)) / 1000 * each


def phpass_time(parameters: Parameters) -> float:
    return float(91 * 2.0 ** (PHPASS_ROUNDS.index(parameters["log_rounds"]) - 17))


def argon2_time(parameters: Parameters) -> float:
    return int(parameters["memory"]) * int(parameters["passes"]) / 1000


def argon2_memory(parameters: Parameters) -> float:
    return int(parameters["memory"]) / 1024


def blocks(parameters: Parameters) -> float:
    """N times r of scrypt, of 128 bytes each (RFC 7914)."""
    n = float(2 ** int(parameters["log_n"])) if "log_n" in parameters else float(parameters["n"])
    return n * int(parameters["r"])


def scrypt_time(parameters: Parameters) -> float:
    return blocks(parameters) * int(parameters["p"]) / 1600


def scrypt_memory(parameters: Parameters) -> float:
    return blocks(parameters) * 128 / 1024**2


def no_time(_parameters: Parameters) -> float:
    return 0.0


SCHEMES = (
    Scheme("argon2", ARGON2, argon2_time, by_argon2, argon2_memory),
    Scheme("bcrypt", BCRYPT, bcrypt_time, by_bcrypt),
    Scheme("passlib bcrypt-sha256", PASSLIB_BCRYPT_SHA256, bcrypt_time, by_passlib("bcrypt_sha256")),
    Scheme("Django bcrypt_sha256", DJANGO_BCRYPT_SHA256, bcrypt_time, by_passlib("django_bcrypt_sha256")),
    Scheme("werkzeug scrypt", WERKZEUG_SCRYPT, scrypt_time, by_werkzeug, scrypt_memory),
    Scheme("werkzeug pbkdf2", WERKZEUG_PBKDF2, pbkdf2_time, by_werkzeug),
    Scheme(
        "Django pbkdf2",
        DJANGO_PBKDF2,
        pbkdf2_time,
        by_passlib_digest({"pbkdf2_sha256": "django_pbkdf2_sha256", "pbkdf2_sha1": "django_pbkdf2_sha1"}),
    ),
    Scheme("Django scrypt", DJANGO_SCRYPT, scrypt_time, by_django_scrypt, scrypt_memory),
    Scheme(
        "passlib pbkdf2",
        PASSLIB_PBKDF2,
        pbkdf2_time,
        by_passlib_digest(
            {"$pbkdf2-sha256$": "pbkdf2_sha256", "$pbkdf2-sha512$": "pbkdf2_sha512", "$pbkdf2$": "pbkdf2_sha1"}
        ),
    ),
    Scheme("passlib scrypt", PASSLIB_SCRYPT, scrypt_time, by_passlib("scrypt"), scrypt_memory),
    Scheme("sha512-crypt", SHA512_CRYPT, sha_crypt_time(SHA512_CRYPT_TIME), by_passlib("sha512_crypt")),
    Scheme("sha256-crypt", SHA256_CRYPT, sha_crypt_time(SHA256_CRYPT_TIME), by_passlib("sha256_crypt")),
    Scheme("phpass", PHPASS, phpass_time, by_passlib("phpass"), is_weak=True),
    Scheme("md5-crypt", MD5_CRYPT, no_time, by_passlib("md5_crypt"), is_weak=True),
    Scheme("apr1", APR1, no_time, by_passlib("apr_md5_crypt"), is_weak=True),
    Scheme("LDAP SHA", LDAP_SHA, no_time, by_passlib("ldap_sha1"), is_weak=True),
    Scheme("LDAP SSHA", LDAP_SSHA, no_time, by_passlib("ldap_salted_sha1"), is_weak=True),
    Scheme("LDAP SSHA256", LDAP_SSHA256, no_time, by_passlib("ldap_salted_sha256"), is_weak=True),
    Scheme("LDAP SSHA512", LDAP_SSHA512, no_time, by_passlib("ldap_salted_sha512"), is_weak=True),
)

REFUSED = (
    ("DES crypt", re.compile(r"[./A-Za-z0-9]{13}")),
    ("unsalted MD5", re.compile(r"[0-9A-Fa-f]{32}|\{MD5\}.{1,40}")),
    ("unsalted SHA-1", re.compile(r"[0-9A-Fa-f]{40}")),
    ("unsalted SHA-256", re.compile(r"[0-9A-Fa-f]{64}")),
    ("unsalted SHA-512", re.compile(r"[0-9A-Fa-f]{128}")),
    ("LDAP salted MD5", re.compile(r"\{SMD5\}.{1,60}")),
    ("yescrypt", re.compile(r"\$g?y\$.{1,190}")),
    ("bcrypt 2x, made by a faulty program", re.compile(r"\$2x\$.{1,60}")),
    ("Django salted MD5 or SHA-1", re.compile(r"(?:md5|sha1)\$[A-Za-z0-9]{0,64}\$[0-9a-f]{32,40}")),
    (
        "a werkzeug hash without rounds",
        re.compile(r"(?:pbkdf2:)?(?:md5|sha1|sha256|sha512)\$[A-Za-z0-9]{0,64}\$[0-9a-f]{32,128}"),
    ),
)
"""What is often met and not taken, by its name: it is broken, or its cost is not written down."""
