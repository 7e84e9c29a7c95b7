"""Names that code uses, as people read them."""


def in_words(name: object) -> str:
    """Such as "super admin" for "super_admin"."""
    return str(name).replace("_", " ")


def counted(count: int, noun: str) -> str:
    """Such as "1 token", "2 tokens"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


WAYS = {
    "pwd": "password",
    "otp": "code",
    "recovery": "recovery code",
    "hwk": "passkey",
    "swk": "passkey",
    "setup": "setup link",
    "user": "",
}


def ways_in_words(amr: object) -> str:
    """RFC 8176 values as people read them: "password and code"."""
    ways = (WAYS.get(way, way) for way in str(amr).split())
    return " and ".join(way for way in ways if way)
