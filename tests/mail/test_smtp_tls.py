"""Mail by STARTTLS and TLS, with a login: only to servers with a valid certificate."""

import datetime
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.mail.test_smtp import Catcher, put, row, worker_for
from tests.ports import free_port

USER, PASSWORD = "robot@example.org", "pass/word: with@signs"
LOGIN = "robot%40example.org:pass%2Fword%3A%20with%40signs@"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, made by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        # OpenSSL has a clock of its own, which no test moves: valid on every day that may be chosen.
        .not_valid_before(datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, *form) + made.public_bytes(serialization.Encoding.PEM)
    file.write_bytes(pem)
    return file


@pytest.fixture
def trust_certificate(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@dataclass
class Keeper:
    """Who may send, and what was tried."""

    tried: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        self.tried.append((data.login.decode(), data.password.decode()))  # type: ignore[attr-defined]
        return AuthResult(success=self.tried[-1] == (USER, PASSWORD), handled=False)


@contextmanager
def serving(certificate: Path, scheme: str, keeper: Keeper) -> Iterator[tuple[str, Catcher]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    how = {"smtps": {"ssl_context": context, "auth_require_tls": False}, "smtp": {"auth_require_tls": False}}.get(
        scheme, {"tls_context": context, "require_starttls": True}
    )
    catcher = Catcher()
    controller = Controller(catcher, hostname="127.0.0.1", port=free_port(), authenticator=keeper, **how)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}", catcher
    finally:
        controller.stop()


def send(app, certificate, scheme, *, login=LOGIN, served=None):
    """What was caught, what was tried as a login, and how the mail stands."""
    keeper, mail_id = Keeper(), put(app)
    with serving(certificate, served or scheme, keeper) as (place, catcher):
        worker_for(app, f"{scheme}://{login}{place}").send_due()
    return catcher.mails, keeper.tried, row(app, mail_id)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
@pytest.mark.usefixtures("trust_certificate")
def test_a_mail_is_sent_encrypted_after_a_login(app, certificate, scheme):
    mails, tried, mail = send(app, certificate, scheme)
    assert (len(mails), tried, mail.state) == (1, [(USER, PASSWORD)], "sent")


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_an_untrusted_server_gets_neither_password_nor_mail(app, certificate, scheme):
    mails, tried, mail = send(app, certificate, scheme)
    assert (mails, tried, mail.state) == ([], [], "waiting")
    assert "certificate" in mail.last_error.lower()


@pytest.mark.usefixtures("trust_certificate")
def test_a_server_without_starttls_gets_neither(app, certificate):
    """As somebody in between would answer who strips the offer."""
    mails, tried, mail = send(app, certificate, "smtp+starttls", served="smtp")
    assert (mails, tried, mail.state) == ([], [], "waiting")


@pytest.mark.usefixtures("trust_certificate")
def test_a_wrong_password_loses_no_mail_and_is_not_in_the_reason(app, certificate, logged):
    mails, tried, mail = send(app, certificate, "smtps", login="robot%40example.org:hunter2hunter2@")
    assert (mails, set(tried), mail.state) == ([], {(USER, "hunter2hunter2")}, "waiting")
    assert "hunter2" not in mail.last_error + logged()
    assert "percent-encoded" in mail.last_error


@pytest.mark.usefixtures("trust_certificate")
def test_a_mail_keeps_its_message_id_in_all_attempts(app, certificate):
    (mail,), _, kept = send(app, certificate, "smtps")
    assert mail["Message-ID"] == f"<{kept.id}@example.org>"
