"""Static files under URLs that contain a digest of their content, so that browsers may cache them for a year."""

import hashlib
import posixpath
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, send_file
from werkzeug.exceptions import NotFound

# No other file is served, such as a database or source file that is in the folder by mistake.
SUFFIXES = {".css", ".js", ".svg", ".png", ".ico", ".txt"}
IMMUTABLE = "public, max-age=31536000, immutable"


def init_app(app: Flask, folder: Path, others: Mapping[str, bytes]) -> None:
    """Register the ``static`` endpoint for the files of ``folder``.

    Args:
        others: contents of further files by name.
    """
    # Read once: while a new version is installed, the pages of this process need the files that belong to them.
    contents = contents_of(folder)
    version = version_of(digest_of(contents), others)
    app.add_url_rule("/static/<version>/<path:filename>", "static", send)
    served = {
        name: content for name, content in {**contents, **others}.items() if posixpath.splitext(name)[1] in SUFFIXES
    }
    app.config |= {"STATIC": served, "STATIC_VERSION": version}

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            # One digest of the whole folder, in the path: relative imports in CSS and JS then contain it too.
            values["version"] = version


def contents_of(folder: Path) -> dict[str, bytes]:
    """The files of the folder by their path in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def version_of(folder_digest: str, others: Mapping[str, bytes]) -> str:
    """12 hex digits that change with the name or content of any file."""
    digest = hashlib.sha256(folder_digest.encode())
    for name in sorted(others):
        digest.update(name.encode() + b"\0" + others[name])
    return digest.hexdigest()[:12]


def digest_of(contents: Mapping[str, bytes]) -> str:
    """12 hex digits that change with the name or content of any file."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:12]


def send(version: str, filename: str) -> Response:
    """View of the ``static`` endpoint."""
    if (content := current_app.config["STATIC"].get(filename)) is None:
        raise NotFound
    response = send_file(BytesIO(content), download_name=filename, etag=current_app.config["STATIC_VERSION"])
    # During an update, a page of one release may request a file of the other: served, but not to be cached.
    is_current = version == current_app.config["STATIC_VERSION"] and not current_app.debug
    response.headers["Cache-Control"] = IMMUTABLE if is_current else "no-cache"
    return response
