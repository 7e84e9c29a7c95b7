"""Names that code uses, as people read them."""


def in_words(name: object) -> str:
    """Such as "super admin" for "super_admin"."""
    return str(name).replace("_", " ")
