"""Login: name and password, second step, re-authentication, and token grants for scripts."""
