"""Forward-auth: a reverse proxy asks about each request to an app that knows nothing of this site."""
