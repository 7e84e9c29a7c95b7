"""docs/uploads-and-streams.md: its examples are one file, which runs."""

import re
from pathlib import Path

import pytest

from webapp import testing
from webapp.testing import as_nobody, as_user, with_token

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "uploads-and-streams.md").read_text()
SOURCE = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
MAX = 20_000_000


@pytest.fixture(scope="module")
def example():
    module = {"__name__": "files.views"}
    exec(SOURCE, module)
    return module


@pytest.fixture(scope="module")
def site(example):
    with testing.app(example["bp"]) as site:
        yield site


def form(size, **fields):
    """The body of a multipart form, as text: Werkzeug's test client would leave a file of it open."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="report.bin"\r\n\r\n'
    body = "".join([*parts, head, "x" * size, "\r\n--x--\r\n"]).encode()
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(("size", "status"), [(10, 200), (70_000, 200), (19_999_000, 200), (MAX, 413)])
def test_a_view_accepts_uploads_up_to_its_own_limit(site, size, status):
    for caller in (as_user(site, "ada"), with_token(site, scopes=["files:write"])):
        answer = caller.post("/files", **form(size), headers={"Accept": "*/*"})
        assert answer.status_code == status
        if status == 200:
            assert answer.json == {"size": size}


def test_an_upload_needs_a_login_and_a_csrf_token(site):
    assert as_nobody(site).post("/files", **form(70_000)).status_code == 401
    assert as_user(site, "ada").post("/files", **form(70_000), headers={"X-CSRF-Token": ""}).status_code == 403
    ada = as_user(site, "ada")
    token = ada.get("/login", headers={"Accept": "application/json"}).json["csrf_token"]
    in_form = ada.post("/files", **form(70_000, csrf_token=token), headers={"X-CSRF-Token": ""})
    assert in_form.json == {"size": 70_000}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/files/export", "1\n2\n"),
        ("/files/events", "data: 0\n\ndata: 1\n\ndata: 2\n\n"),
        ("/files/slow", "Done for ada"),
    ],
)
def test_streams_and_coroutines_of_the_document_are_guarded(site, path, text):
    assert as_user(site, "ada").get(path).text == text
    assert with_token(site, scopes=["files:read"]).get(path).text == text
    assert with_token(site, scopes=["files:write"]).get(path).status_code == 403
