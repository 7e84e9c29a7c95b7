"""Which roles there are: each includes the ones before it."""

ROLES = ("user", "admin", "super_admin")


def included_in(role: str) -> tuple[str, ...]:
    """Everything that a role may, the humblest first. Nothing for one that is not known."""
    return ROLES[: ROLES.index(role) + 1] if role in ROLES else ()
