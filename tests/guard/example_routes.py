"""Example routes with every kind of requirement, to test the guard."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, jsonify
from flask_login import current_user

from webapp.guard import Principal, require

HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


def add(app: Flask, path: str, view: Callable[..., Any], **options: Any) -> Flask:
    """Before the first request: a Flask app takes no route after it."""
    app.add_url_rule(path, endpoint=path.strip("/").replace("/", "_"), view_func=view, **options)
    return app


def caller_name(principal: Principal) -> Any:
    return jsonify(
        username=principal.username,
        credential=principal.credential,
        same=current_user._get_current_object() is principal,
    )


def with_changes(app: Flask) -> Flask:
    """/change takes a change from anybody with an account, /grave from whoever has just proven who they are."""
    add(app, "/change", require(scope="protected:read")(plain("changed")), methods=["GET", "POST", "PUT", "DELETE"])
    grave = require(scope="protected:read", fresh_within=timedelta(minutes=10))(plain("done"))
    return add(app, "/grave", grave, methods=["GET", "POST"])


def plain(words: str) -> Callable[[], str]:
    def view() -> str:
        return words

    return view
