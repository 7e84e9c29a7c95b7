"""HASHER: argon2id with the parameters of OWASP, and a hash to compare with for names that nobody has."""

import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.low_level import ARGON2_VERSION

# First recommendation of the OWASP Password Storage Cheat Sheet for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash to compare with if there is no user: random bytes in its place, because hashing would delay each start."""
    salt, digest = (b64encode(secrets.token_bytes(size)).rstrip(b"=") for size in (hasher.salt_len, hasher.hash_len))
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt.decode()}${digest.decode()}"
