"""render_mail(): a mail from ``mail/<kind>.txt``, whose first line is the subject, and ``mail/<kind>.html``."""

import re
from dataclasses import dataclass

from flask import Flask, g, render_template
from flask_babel import force_locale


@dataclass(frozen=True, slots=True)
class RenderedMail:
    subject: str
    text: str
    html: str


def render_mail(app: Flask, kind: str, facts: dict[str, object], language: str, time_zone: str = "UTC") -> RenderedMail:
    """Render the text and HTML version of a mail.

    Args:
        kind: name of the templates.
        facts: context of the templates.
        language: one of ``i18n.LANGUAGES``.
        time_zone: IANA name of the recipient's time zone, for dates.
    """
    with app.app_context(), force_locale(language):
        g.mail_time_zone = time_zone
        subject, _, text = render_template(f"mail/{kind}.txt", **facts).strip().partition("\n")
        html = render_template(f"mail/{kind}.html", subject=subject, **facts)
    # No line break in the subject: it would start another header. At most one blank line in a row in the text, where
    # optional blocks of the template left several.
    return RenderedMail(" ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html)
