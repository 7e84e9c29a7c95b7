"""The settings of the site, as one object that is read once."""

from webapp.settings.fields import Secret, SettingsError
from webapp.settings.manual import ManualRow
from webapp.settings.model import Settings
from webapp.settings.paths import ROOT
from webapp.settings.private_files import InstanceError, SecretKeyMissing

__all__ = ["ROOT", "InstanceError", "ManualRow", "Secret", "SecretKeyMissing", "Settings", "SettingsError"]
