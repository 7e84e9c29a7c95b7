"""How the database came to be as it is; run by python -m webapp db upgrade."""
