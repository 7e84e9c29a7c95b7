"""db backup --encrypt: a passphrase from a file, from the environment or typed, never an argument."""

import pytest

from tests.ports import free_port
from webapp.cli import passphrase
from webapp.core import passphrase_stream

WORDS = "umbrella otter lantern"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(passphrase_stream, "WORK", 4)
    monkeypatch.setenv("WEBAPP_BIND", f"127.0.0.1:{free_port()}")


@pytest.fixture
def copy(add, tmp_path):
    add("ada")
    return tmp_path / "copy"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(f"{WORDS}\n")
    return path


def is_encrypted(copy, instance):
    content = copy.read_bytes()
    assert (instance / "secret_key").read_text().strip().encode() not in content
    return content.startswith(passphrase_stream.MAGIC) and b"ada@example.org" not in content


@pytest.mark.parametrize("option", ["--encrypt", ""])
@pytest.mark.parametrize("is_file", [True, False])
def test_a_backup_is_encrypted_and_restored_with_the_passphrase(run, instance, copy, file, option, is_file):
    given = {} if is_file else {passphrase.VARIABLE: WORDS}
    named = f"--passphrase-file {file}" if is_file else ""
    done = run(f"db backup {option} {named} {copy}", **given)
    assert (done.exit_code, "not encrypted" in done.stderr) == (0, False), done.stderr
    assert is_encrypted(copy, instance)
    done = run(f"db restore {named} {copy} --yes", **given)
    assert done.exit_code == 0, done.stderr
    assert WORDS not in done.output + done.stderr


@pytest.fixture
def terminal(monkeypatch):
    """A terminal at which the same is typed each time it is asked for."""
    asked = []

    def prompt(text, **options):
        asked.append((text, options))
        return WORDS

    monkeypatch.setattr(passphrase.click, "prompt", prompt)
    monkeypatch.setattr(passphrase, "is_terminal", lambda: True)
    return asked


def test_at_a_terminal_it_is_asked_for_twice_and_once_to_restore(run, instance, copy, terminal):
    assert run(f"db backup --encrypt {copy}").exit_code == 0
    assert is_encrypted(copy, instance)
    assert run(f"db restore --check {copy}").exit_code == 0
    assert [options["confirmation_prompt"] for _, options in terminal] == [True, False]
    assert all(options["hide_input"] for _, options in terminal)


def test_without_a_terminal_the_message_says_where_to_put_it(run, copy):
    done = run(f"db backup --encrypt {copy}")
    assert (done.exit_code, passphrase.VARIABLE in done.stderr, copy.exists()) == (2, True, False)


def test_a_short_passphrase_is_refused(run, copy):
    done = run(f"db backup {copy}", **{passphrase.VARIABLE: "short"})
    assert (done.exit_code, "at least 12 characters" in done.stderr, copy.exists()) == (1, True, False)


def test_another_passphrase_changes_nothing(run, instance, copy, file):
    run(f"db backup --passphrase-file {file} {copy}")
    done = run(f"db restore {copy} --yes", **{passphrase.VARIABLE: "another passphrase"})
    assert (done.exit_code, "passphrase is another one" in done.stderr, done.stderr.count("\n")) == (1, True, 1)
    assert not [path for path in instance.iterdir() if ".before-" in path.name or ".restore-" in path.name]
