"""Example pages."""
