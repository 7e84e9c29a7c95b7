"""Files of users to import, and what became of them."""

import csv
import io
import json

import pytest


@pytest.fixture
def file(tmp_path):
    """Writes a file of users, as JSON lines unless its name says otherwise."""

    def write(*users, name="people.jsonl"):
        if name.endswith(".csv"):
            text = io.StringIO()
            rows = csv.DictWriter(text, list(users[0]))
            rows.writeheader()
            rows.writerows(users)
            content = text.getvalue()
        else:
            content = "".join((user if isinstance(user, str) else json.dumps(user)) + "\n" for user in users)
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", errors="surrogateescape")
        return str(path)

    return write


def users(run):
    return {user["username"]: user for user in json.loads(run("user list --json").stdout)}


def refused(run, path, *more, **settings):
    done = run("user import", path, *more, **settings)
    assert done.exit_code == 1, done.output
    return done.stdout
