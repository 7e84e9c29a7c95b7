"""Tools that depend neither on the web packages nor on a feature."""
