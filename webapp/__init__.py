"""Latchkey: one login for people and scripts."""
