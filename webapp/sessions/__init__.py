"""Browser sessions: start, confirm, list and end them; trusted browsers."""
