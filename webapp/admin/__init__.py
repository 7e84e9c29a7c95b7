"""The admin pages: users, roles, invitations, mail, audit log and settings."""
