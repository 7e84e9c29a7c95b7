"""Logo, colours, footer links and CSS of a site's own."""

import pytest

from tests.outbox_mails import mails
from tests.secret_keys import OTHER
from webapp.settings import Settings, SettingsError
from webapp.settings.brand import DARK, LIGHT, MIN_CONTRAST, colour_of, contrast, lowest_contrast
from webapp.testing import as_nobody, as_user
from webapp.web.brand import DEFAULTS, colours

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script></svg>'
PLUM, ROSE = "#7a1f5c", "#f0a8d0"


@pytest.fixture
def look(tmp_path):
    """Settings of a site with everything of its own."""
    (tmp_path / "logo.svg").write_text(SVG)
    (tmp_path / "own.css").write_text(".page { letter-spacing: 0 }")
    return {
        "WEBAPP_SITE_NAME": "Ada & <b>Bo</b>",
        "WEBAPP_BRAND_LOGO": str(tmp_path / "logo.svg"),
        "WEBAPP_BRAND_CSS": str(tmp_path / "own.css"),
        "WEBAPP_BRAND_ACCENT": PLUM,
        "WEBAPP_BRAND_ACCENT_DARK": ROSE,
        "WEBAPP_BRAND_LINKS": "Legal <i>notice</i>=https://example.org/legal?a=1&b=2; Help=/help",
    }


def url_in(page, end):
    return next(part for part in page.split('"') if part.endswith(end) and part.startswith("/static/"))


@pytest.mark.parametrize("path", ["/login", "/dashboard", "/nowhere", "/docs"])
def test_every_page_has_the_look(make_app, look, path):
    app = make_app(**look)
    page = (as_nobody(app) if path == "/login" else as_user(app, "ada")).get(path).text
    assert "Ada &amp; &lt;b&gt;Bo&lt;/b&gt;</title>" in page
    assert '<a href="https://example.org/legal?a=1&amp;b=2">Legal &lt;i&gt;notice&lt;/i&gt;</a>' in page
    assert '<a href="/help">Help</a>' in page
    assert f'<img class="mark__logo" src="{url_in(page, "/brand/logo.svg")}" alt="">' in page
    assert page.index("css/main.css") < page.index("brand/brand.css")


def test_the_files_are_cached_by_their_content_and_run_nothing(make_app, look, tmp_path):
    app = make_app(**look)
    page = as_nobody(app).get("/login").text
    logo, style = (as_nobody(app).get(url_in(page, end)) for end in ("/brand/logo.svg", "/brand/brand.css"))
    assert (logo.mimetype, logo.text, style.mimetype) == ("image/svg+xml", SVG, "text/css")
    assert "default-src 'none'" in logo.headers["Content-Security-Policy"]
    assert all("immutable" in found.headers["Cache-Control"] for found in (logo, style))
    assert f"--color-accent: light-dark({PLUM}, {ROSE});" in style.text
    assert ".page { letter-spacing: 0 }" in style.text
    (tmp_path / "own.css").write_text(".page { letter-spacing: 1px }")
    assert url_in(as_nobody(make_app(**look)).get("/login").text, "/brand/brand.css") != url_in(
        page, "/brand/brand.css"
    )


def test_without_settings_there_is_nothing_of_it(app):
    page = as_nobody(app).get("/login").text
    assert "brand/" not in page
    assert "auth__links" not in page


def test_mails_have_the_links_and_no_image(make_app, look):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:1", **look)
    as_user(app, "ines", role="admin").post("/admin/mail/test")
    (mail,) = mails(app)
    assert "Help: http://localhost:8000/help" in mail.text
    assert '<a href="http://localhost:8000/help">Help</a>' in mail.html
    assert "Legal &lt;i&gt;notice&lt;/i&gt;" in mail.html
    assert "<img" not in mail.html


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("ACCENT", "red", "WEBAPP_BRAND_ACCENT must be a colour such as #7a1f5c, not 'red'"),
        ("ACCENT", "#7a1f5c;}", "must be a colour"),
        ("ACCENT", "#ffcc00", "#ffcc00 has a contrast of 1.2 to 1 in the light colour scheme; text needs 4.5 to 1"),
        ("ACCENT_DARK", "#7a1f5c", "in the dark colour scheme; text needs 4.5 to 1. Choose a lighter colour."),
        *(
            ("LINKS", f"Help={href}", "WEBAPP_BRAND_LINKS must be links such as")
            for href in (
                *(
                    "javascript:alert(1)",
                    "JavaScript:alert(1)",
                    "data:text/html,x",
                    "//evil.example",
                    "/\\evil.example",
                ),
                *("https://", "https://[", "help", "", "vbscript:x", "https://a b", "/a\tb", "ftp://x", "mailto:x"),
            )
        ),
        ("LINKS", "=/help", "WEBAPP_BRAND_LINKS must be links"),
        ("LINKS", f"{'x' * 41}=/help", "labels of at most 40 characters"),
        ("LINKS", "; ".join(["Help=/help"] * 7), "at most 6 links"),
        ("LOGO", "logo.gif", "must name a file that ends in .svg or .png"),
        ("LOGO", "missing.svg", "which cannot be read: No such file or directory"),
        ("LOGO", "large.png", "which has 200001 bytes; at most 200000 are served"),
        ("CSS", "logo.svg", "must name a file that ends in .css"),
    ],
)
def test_what_could_not_be_read_or_be_unsafe_stops_the_start(tmp_path, monkeypatch, setting, value, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.png").write_bytes(bytes(200_001))
    with pytest.raises(SettingsError) as refused:
        Settings(instance=tmp_path, secret_key=OTHER, **{f"brand_{setting.lower()}": value})
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_contrast_is_measured_as_wcag_does():
    assert contrast((0, 0, 0), (255, 255, 255)) == 21
    assert round(contrast(colour_of("#767676"), (255, 255, 255)), 2) == 4.54


@pytest.mark.parametrize(("place", "scheme"), [(0, LIGHT), (1, DARK)])
def test_our_own_accent_colours_would_be_accepted(place, scheme):
    assert lowest_contrast(colour_of(DEFAULTS["--color-accent"][place]), scheme) >= MIN_CONTRAST


def test_one_colour_alone_leaves_the_other_scheme_as_it_is():
    assert f"--color-accent: light-dark({PLUM}, #79d3e0);" in colours(PLUM, "")
    assert f"--color-accent: light-dark(#00566f, {ROSE});" in colours("", ROSE)
    assert "lintel" not in colours("", ROSE)
