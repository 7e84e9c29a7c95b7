"""Static files: cached under URLs that contain a digest of their content; nothing else of the folder is served."""

import pytest

from tests.script import Script
from webapp.web.assets import contents_of, digest_of


def url_of(app, filename):
    with app.test_request_context():
        return app.url_for("static", filename=filename)


def test_a_static_file_is_cached_for_a_year_at_its_url(app):
    answer = Script(app).get(url_of(app, "css/main.css"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")


def test_the_urls_change_when_any_file_changes(tmp_path):
    (tmp_path / "a.css").write_text("a")
    first = digest_of(contents_of(tmp_path))
    (tmp_path / "a.css").write_text("b")
    second = digest_of(contents_of(tmp_path))
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, digest_of(contents_of(tmp_path))}) == 3


@pytest.mark.parametrize(
    "filename", ["secret.py", "x.db", ".env", "css", "css/", "css/..", "../webapp/app/rooms.py", "..%2fx.css", "%00"]
)
def test_only_files_of_the_folder_are_served(app, filename):
    assert Script(app).get(f"/static/x/{filename}").status_code == 404


def test_a_static_file_needs_no_cookie_and_sets_none(person, app):
    answer = person.ask("GET", url_of(app, "css/main.css"))
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
