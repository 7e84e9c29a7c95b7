"""Views of user accounts."""
