"""The file of a backup: whole, or refused."""

import io
import os
import tarfile
from datetime import UTC, datetime
from functools import partial

import pytest

from webapp.core import backup_file, passphrase_stream
from webapp.core.backup_file import InvalidBackup, Manifest, PassphraseNeeded
from webapp.core.passphrase_stream import CHUNK, MAGIC, TAG, DecryptingReader, EncryptingWriter, StreamDamaged

WORDS = "umbrella otter lantern"
MADE = Manifest(program="1", made_at=datetime(2026, 5, 1, tzinfo=UTC), database="sqlite", schema="1", environment=())
HEADER = len(MAGIC) + 1 + passphrase_stream.SALT


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(passphrase_stream, "WORK", 4)


def sealed(content):
    target = io.BytesIO()
    writer = EncryptingWriter(target, WORDS)
    writer.write(content)
    writer.close()
    return target.getvalue()


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_encrypted_is_read_again_in_any_pieces(length):
    content = os.urandom(length)
    encrypted = sealed(content)
    assert len(encrypted) == HEADER + length + TAG * max(1, -(-length // CHUNK))
    for size in (-1, 1000, CHUNK):
        reader = DecryptingReader(io.BytesIO(encrypted), WORDS)
        assert b"".join(iter(partial(reader.read, size), b"")) == content


def test_the_same_content_is_never_encrypted_alike():
    assert sealed(b"x")[HEADER:] != sealed(b"x")[HEADER:]


STEP = CHUNK + TAG
CHANGES = [
    pytest.param(lambda text: text[: HEADER + STEP], id="cut after the first chunk"),
    pytest.param(lambda text: text[: HEADER + 2 * STEP], id="cut after the second chunk"),
    pytest.param(lambda text: text[:-1], id="cut by a byte"),
    pytest.param(lambda text: text[:HEADER], id="only the header"),
    pytest.param(lambda text: text[: HEADER - 1], id="less than the header"),
    pytest.param(lambda text: text + b"x", id="a byte appended"),
    pytest.param(lambda text: text + text[HEADER:], id="all chunks appended"),
    pytest.param(lambda text: text[: HEADER + STEP] + text[HEADER + 2 * STEP :], id="the second chunk left out"),
    pytest.param(
        lambda text: (
            text[:HEADER]
            + text[HEADER + STEP : HEADER + 2 * STEP]
            + text[HEADER : HEADER + STEP]
            + text[HEADER + 2 * STEP :]
        ),
        id="two chunks swapped",
    ),
    pytest.param(lambda text: text[:HEADER] + sealed(b"y" * 3 * CHUNK)[HEADER:], id="chunks of another file"),
    pytest.param(lambda text: flipped(text, len(MAGIC)), id="another work factor"),
    pytest.param(lambda text: flipped(text, HEADER - 1), id="another salt"),
    pytest.param(lambda text: flipped(text, HEADER + STEP + 5), id="a bit of the second chunk"),
]


def flipped(text, place):
    return text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_never_taken_for_whole(change):
    with pytest.raises((StreamDamaged, passphrase_stream.WrongPassphrase)):
        DecryptingReader(io.BytesIO(change(sealed(b"x" * 3 * CHUNK))), WORDS).read()


def test_the_work_that_a_file_demands_is_bounded():
    header = MAGIC + bytes([passphrase_stream.MOST_WORK + 1]) + bytes(passphrase_stream.SALT)
    with pytest.raises(StreamDamaged):
        DecryptingReader(io.BytesIO(header + bytes(100)), WORDS)


@pytest.fixture(params=[None, WORDS], ids=["plain", "encrypted"])
def file(request, tmp_path):
    to = tmp_path / "backup"
    files = {"database.sqlite": os.urandom(200_000), "secret_keys": b"secret\n"}
    backup_file.write(to, MADE, files, passphrase=request.param)
    return to, request.param


def unpack(file, tmp_path, words):
    folder = tmp_path / os.urandom(4).hex()
    folder.mkdir()
    return backup_file.unpack(file, folder, passphrase=words), {path.name for path in folder.iterdir()}


def test_a_backup_is_unpacked_as_it_was_packed(file, tmp_path):
    assert unpack(file[0], tmp_path, file[1]) == (MADE, {"manifest.json", "database.sqlite", "secret_keys"})


def test_a_file_cut_off_anywhere_is_refused(file, tmp_path):
    whole = file[0].read_bytes()
    # The last blocks of a plain archive are the empty ones after its end.
    end = len(whole) - 1 if file[1] else whole.rindex(b"secret_keys\n")
    for length in (*range(0, 2000, 97), *range(2000, end, 20_011), end):
        file[0].write_bytes(whole[:length])
        with pytest.raises(InvalidBackup):
            unpack(file[0], tmp_path, file[1])


def test_a_bit_that_flips_is_noticed(file, tmp_path):
    whole = file[0].read_bytes()
    for place in (600, len(whole) // 3, len(whole) // 2):
        file[0].write_bytes(flipped(whole, place))
        with pytest.raises(InvalidBackup):
            unpack(file[0], tmp_path, file[1])


def test_another_passphrase_or_none_is_refused(tmp_path):
    to = tmp_path / "backup"
    backup_file.write(to, MADE, {}, passphrase=WORDS)
    with pytest.raises(InvalidBackup, match="passphrase is another one"):
        unpack(to, tmp_path, "another one")
    with pytest.raises(PassphraseNeeded):
        unpack(to, tmp_path, None)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "evil", "secret_keys/../../evil"])
def test_a_file_of_another_name_is_refused(tmp_path, name):
    to = tmp_path / "backup"
    with tarfile.open(to, "w") as archive:
        info = tarfile.TarInfo(name)
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(InvalidBackup):
        unpack(to, tmp_path, None)
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_a_link_is_refused(tmp_path, kind):
    to = tmp_path / "backup"
    with tarfile.open(to, "w") as archive:
        info = tarfile.TarInfo("config.toml")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(InvalidBackup):
        unpack(to, tmp_path, None)


def test_an_existing_file_is_left_as_it_is(tmp_path):
    to = tmp_path / "backup"
    to.write_text("something else")
    with pytest.raises(FileExistsError):
        backup_file.write(to, MADE, {}, passphrase=None)
    assert to.read_text() == "something else"
    assert list(tmp_path.iterdir()) == [to]
