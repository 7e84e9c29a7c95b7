"""Static URLs that change when their content does, so that everything may be cached for good without a build."""

import hashlib
import posixpath
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, send_from_directory
from werkzeug.exceptions import NotFound

# A stray database or source file in the folder is not served.
KINDS = {".css", ".js", ".svg", ".png", ".ico", ".txt"}
FOR_GOOD = "public, max-age=31536000, immutable"


def init_app(app: Flask, folder: Path) -> None:
    version = digest_of(folder)
    app.add_url_rule("/static/<version>/<path:filename>", "static", send)
    app.config |= {"STATIC": folder, "STATIC_VERSION": version}

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            # One digest of the whole folder, in the path: relative imports in CSS and JS carry it along.
            values["version"] = version


def digest_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def send(version: str, filename: str) -> Response:
    if posixpath.splitext(filename)[1] not in KINDS:
        raise NotFound
    response = send_from_directory(current_app.config["STATIC"], filename)
    # While one version replaces another, a page of the one may ask for a file of the other: served, but not kept.
    is_current = version == current_app.config["STATIC_VERSION"] and not current_app.debug
    response.headers["Cache-Control"] = FOR_GOOD if is_current else "no-cache"
    return response
