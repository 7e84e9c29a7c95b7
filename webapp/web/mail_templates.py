"""Mails from templates: ``mail/<kind>.txt`` begins with the subject, ``mail/<kind>.html`` is the same as a page."""

import re
from dataclasses import dataclass

from flask import Flask, render_template
from flask_babel import force_locale


@dataclass(frozen=True, slots=True)
class RenderedMail:
    subject: str
    text: str
    html: str


def render_mail(app: Flask, kind: str, facts: dict[str, object], language: str) -> RenderedMail:
    """
    Args:
        language: one of ``i18n.LANGUAGES``.
    """
    with app.app_context(), force_locale(language):
        subject, _, text = render_template(f"mail/{kind}.txt", **facts).strip().partition("\n")
        html = render_template(f"mail/{kind}.html", subject=subject, **facts)
    # A line break in a subject would begin a header of the sender's choice.
    # Blocks and includes that are empty leave blank lines.
    return RenderedMail(" ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html)
