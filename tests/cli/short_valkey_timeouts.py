"""A blueprint for servers that lose their Valkey in tests: they soon ask it again, and say soon what they found."""

from datetime import timedelta

from flask import Blueprint

from webapp.core import valkey_storage
from webapp.site import readiness

bp = Blueprint("impatient", __name__)
valkey_storage.PAUSE, readiness.FRESH = 0.5, timedelta(seconds=0.2)
