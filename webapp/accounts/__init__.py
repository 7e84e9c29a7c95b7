"""User accounts: registration, passwords, roles, recovery, profile and what administrators do to them."""
