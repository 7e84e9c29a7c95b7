"""Password hashes as other programs make them, with little work: one or more of each format."""

import base64
import hashlib
import hmac
import unicodedata

import passlib.hash
from werkzeug.security import generate_password_hash

PASSWORD = "a Größe of old"
SALT = "the SECURITY_PASSWORD_SALT of old"


def by_passlib(name, password=PASSWORD, **options):
    handler = getattr(passlib.hash, name)
    return (handler.using(**options) if options else handler).hash(password)


def django_scrypt(password=PASSWORD, n=2**10):
    """As ``ScryptPasswordHasher`` of Django 5 writes it."""
    key = hashlib.scrypt(password.encode(), salt=b"jR3sLq0vTn8xYw2c", n=n, r=8, p=5, maxmem=2**26, dklen=64)
    return f"scrypt${n}$jR3sLq0vTn8xYw2c$8$5${base64.b64encode(key).decode()}"


def django_pbkdf2(password=PASSWORD, rounds=1000):
    """As ``PBKDF2PasswordHasher`` of Django 5 writes it, with its salt of 22 characters."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), b"Xk3vQ8sLr0TnYw2cJd5uBa", rounds)
    return f"pbkdf2_sha256${rounds}$Xk3vQ8sLr0TnYw2cJd5uBa${base64.b64encode(key).decode()}"


def flask_security_hmac(password=PASSWORD, salt=SALT):
    """``get_hmac`` of Flask-Security, after its normalization."""
    normalized = unicodedata.normalize("NFKD", password).encode()
    return base64.b64encode(hmac.new(salt.encode(), normalized, hashlib.sha512).digest()).decode()


ARGON2 = {"rounds": 1, "memory_cost": 8, "parallelism": 1}
HASHES = {
    "bcrypt 2b": by_passlib("bcrypt", rounds=4),
    "bcrypt 2a": by_passlib("bcrypt", rounds=4, ident="2a"),
    "bcrypt 2y of htpasswd and PHP": by_passlib("bcrypt", rounds=4, ident="2y"),
    "passlib bcrypt-sha256": by_passlib("bcrypt_sha256", rounds=4),
    "argon2id": by_passlib("argon2", **ARGON2),
    "argon2i": by_passlib("argon2", type="I", **ARGON2),
    "OpenLDAP argon2": "{ARGON2}" + by_passlib("argon2", **ARGON2),
    "werkzeug scrypt": generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
    "werkzeug pbkdf2 sha256": generate_password_hash(PASSWORD, "pbkdf2:sha256:100"),
    "werkzeug pbkdf2 sha512": generate_password_hash(PASSWORD, "pbkdf2:sha512:100"),
    "werkzeug pbkdf2 sha1": generate_password_hash(PASSWORD, "pbkdf2:sha1:100"),
    "Django pbkdf2_sha256": django_pbkdf2(),
    "Django pbkdf2_sha1": by_passlib("django_pbkdf2_sha1", rounds=100),
    "Django argon2": by_passlib("django_argon2", **ARGON2),
    "Django bcrypt": by_passlib("django_bcrypt", rounds=4),
    "Django bcrypt_sha256": by_passlib("django_bcrypt_sha256", rounds=4),
    "Django scrypt": django_scrypt(),
    "passlib pbkdf2-sha256": by_passlib("pbkdf2_sha256", rounds=100),
    "passlib pbkdf2-sha512": by_passlib("pbkdf2_sha512", rounds=100),
    "passlib pbkdf2-sha1": by_passlib("pbkdf2_sha1", rounds=100),
    "passlib scrypt": by_passlib("scrypt", rounds=5),
    "sha512-crypt": by_passlib("sha512_crypt", rounds=1000),
    "sha256-crypt": by_passlib("sha256_crypt", rounds=1000),
    "sha512-crypt without rounds": by_passlib("sha512_crypt", rounds=5000),
    "sha512-crypt of OpenLDAP": "{CRYPT}" + by_passlib("sha512_crypt", rounds=5000),
    "md5-crypt": by_passlib("md5_crypt"),
    "htpasswd apr1": by_passlib("apr_md5_crypt"),
    "phpass of WordPress": by_passlib("phpass", rounds=7),
    "htpasswd SHA": by_passlib("ldap_sha1"),
    "LDAP SSHA": by_passlib("ldap_salted_sha1"),
    "LDAP SSHA with a long salt": by_passlib("ldap_salted_sha1", salt_size=16),
    "LDAP SSHA256": by_passlib("ldap_salted_sha256"),
    "LDAP SSHA512": by_passlib("ldap_salted_sha512"),
    "Flask-Security argon2": "{flask-security}" + by_passlib("argon2", flask_security_hmac(), **ARGON2),
    "Flask-Security bcrypt": "{flask-security}" + by_passlib("bcrypt", flask_security_hmac()[:72], rounds=4),
    "Flask-Security pbkdf2": "{flask-security}" + by_passlib("pbkdf2_sha512", flask_security_hmac(), rounds=100),
}
