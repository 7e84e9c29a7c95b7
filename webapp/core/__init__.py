"""Plain tools that know no web and no feature."""
