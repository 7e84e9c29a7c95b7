"""Objects that a setting names as ``package.module:name``."""

import re
from importlib import import_module
from typing import Any

from webapp.settings.fields import SettingsError

SPELLING = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def load_reference(reference: str, *, variable: str) -> Any:
    """Import ``package.module:name``.

    Args:
        variable: the setting, for the message.

    Raises:
        SettingsError: there is no such module or name, or importing the module failed.
    """
    module, _, name = reference.partition(":")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        # Importing foreign code can raise anything; all of it is reported as a settings error.
        reason = f"{type(error).__name__}: {error}"
        raise SettingsError(f"{variable} names {reference}, which cannot be imported: {reason}.") from error
