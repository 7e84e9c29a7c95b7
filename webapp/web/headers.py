"""What every answer tells the browser: where it may load from, who may frame it, what it may keep."""

from flask import Flask, Response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# What is not a page loads nothing, wherever it is opened.
DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
# A year, as browsers' own lists demand.
HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def init_app(app: Flask) -> None:
    always = list((ALWAYS | (HTTPS if app.config["SESSION_COOKIE_SECURE"] else {})).items())
    page, data = always + list(PAGE.items()), always + list(DATA.items())

    @app.after_request
    def add(response: Response) -> Response:
        # Appended rather than set: nobody else writes them, and a set searches the whole list each time.
        response.headers.extend(page if response.mimetype == "text/html" else data)
        if "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", "no-store")
            response.headers.add("Vary", "Accept, Authorization, Cookie")
        return response
