"""Key files of earlier versions: moved into the database once, by the first start with this version."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from webapp.core.signing_keys import keys_of
from webapp.settings import InstanceError, private_files

log = logging.getLogger(__name__)

FILES = {"signing_keys": "signing_keys.json", "id_token_keys": "id_token_keys.json", "cookies": "cookie_generation"}
"""Names of files in the instance folder by the name of their set."""
UNUSED = ".unused"


def read(instance: Path) -> dict[str, str]:
    """The content of the files that there are, by the name of their set.

    Raises:
        InstanceError: one is damaged, or other users can read it.
    """
    texts = {name: private_files.read(instance / file) for name, file in FILES.items()}
    contents = {name: text.strip() for name, text in texts.items() if text is not None}
    for name in contents:
        kids(instance, name, contents[name])
    return contents


def kids(instance: Path, name: str, text: str) -> set[str]:
    """The IDs of the keys of a file; the generation of cookies is its own."""
    if not FILES[name].endswith(".json"):
        return {text}
    try:
        return {key.kid for key in keys_of(text)}
    except ValueError as error:
        raise InstanceError(
            f"{instance / FILES[name]} is damaged. Restore it, or remove it to create new keys."
        ) from error


def put_away(instance: Path, stored: Callable[[str], str | None]) -> None:
    """Delete files whose content is in the database; rename others, whose keys are not used any more.

    Args:
        stored: the content of a set in the database.
    """
    for name, text in read(instance).items():
        path = instance / FILES[name]
        # A folder that cannot be written is reported by doctor.
        with suppress(OSError):
            stored_text = stored(name)
            if stored_text is not None and kids(instance, name, text) <= kids(instance, name, stored_text):
                path.unlink()
            else:
                path.rename(path.with_name(path.name + UNUSED))
                log.warning("key file not used", extra={"fields": {"file": str(path)}})
            (instance / f".{name}.lock").unlink(missing_ok=True)
