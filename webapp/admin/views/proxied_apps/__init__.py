"""/admin/proxied-apps: apps behind a reverse proxy that asks this site: add, change, disable, remove."""

from webapp.admin.views.proxied_apps import actions, pages, rules, tester
from webapp.admin.views.proxied_apps.blueprint import bp

__all__ = ["actions", "bp", "pages", "rules", "tester"]
