"""Forms about tokens, one per file."""

from webapp.tokens.forms.create import NewTokenForm
from webapp.tokens.forms.edit import EditTokenForm
from webapp.tokens.forms.inspection import InspectForm
from webapp.tokens.forms.rotate import RotateForm

__all__ = ["EditTokenForm", "InspectForm", "NewTokenForm", "RotateForm"]
