"""Tools that know neither the web nor a feature."""
