"""Views of the login: pages for people, /api/auth for scripts."""
