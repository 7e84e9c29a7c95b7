"""Operators' commands, a file a noun."""
