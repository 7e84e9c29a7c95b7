"""Static files under URLs that contain a digest of their content, so that browsers may cache them for a year."""

import hashlib
import posixpath
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, send_file, send_from_directory
from werkzeug.exceptions import NotFound

# No other file is served, such as a database or source file that lies in the folder by mistake.
SUFFIXES = {".css", ".js", ".svg", ".png", ".ico", ".txt"}
IMMUTABLE = "public, max-age=31536000, immutable"


def init_app(app: Flask, folder: Path, others: Mapping[str, bytes]) -> None:
    """Register the ``static`` endpoint for the files of ``folder``.

    Args:
        others: contents of further files by name.
    """
    version = version_of(folder, others)
    app.add_url_rule("/static/<version>/<path:filename>", "static", send)
    app.config |= {"STATIC": folder, "STATIC_VERSION": version, "STATIC_OTHERS": others}

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            # One digest of the whole folder, in the path: relative imports in CSS and JS then contain it too.
            values["version"] = version


def version_of(folder: Path, others: Mapping[str, bytes]) -> str:
    """12 hex digits that change with the name or content of any file."""
    digest = hashlib.sha256(folder_digest(folder).encode())
    for name in sorted(others):
        digest.update(name.encode() + b"\0" + others[name])
    return digest.hexdigest()[:12]


def folder_digest(folder: Path) -> str:
    """12 hex digits that change with the name or content of any file in ``folder``."""
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def send(version: str, filename: str) -> Response:
    """View of the ``static`` endpoint."""
    if posixpath.splitext(filename)[1] not in SUFFIXES:
        raise NotFound
    other = current_app.config["STATIC_OTHERS"].get(filename)
    if other is None:
        response = send_from_directory(current_app.config["STATIC"], filename)
    else:
        response = send_file(BytesIO(other), download_name=filename, etag=version)
    # During an update, a page of one release may request a file of the other: served, but not to be cached.
    is_current = version == current_app.config["STATIC_VERSION"] and not current_app.debug
    response.headers["Cache-Control"] = IMMUTABLE if is_current else "no-cache"
    return response
