"""The dashboard: the start page after login."""
