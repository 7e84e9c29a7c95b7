"""/admin/clients: apps that log users in with this site: register, change, disable, give a new secret, remove."""

from webapp.admin.views.clients import actions, logouts, pages, registration, trial
from webapp.admin.views.clients.blueprint import bp

__all__ = ["actions", "bp", "logouts", "pages", "registration", "trial"]
