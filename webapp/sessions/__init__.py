"""Browsers that are logged in."""
