"""Forward-auth: a reverse proxy asks this site about each request to an app that has no code for it."""
