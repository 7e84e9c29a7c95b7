"""OpenLDAP's server with a few users and groups, on loopback, with and without TLS."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port

PATIENCE = 30
BASE = "dc=example,dc=org"
PEOPLE, GROUPS, READER, MANAGER = (f"{name},{BASE}" for name in ("ou=people", "ou=groups", "cn=reader", "cn=manager"))
READER_PASSWORD, PASSWORD = "reads the directory", "the password of {name}"
MODULES, SCHEMAS = Path("/usr/lib/ldap"), Path("/etc/ldap/schema")
CONFIGURATION = f"""
include {SCHEMAS}/core.schema
include {SCHEMAS}/cosine.schema
include {SCHEMAS}/inetorgperson.schema
include {SCHEMAS}/nis.schema
modulepath {MODULES}
moduleload back_mdb
moduleload memberof
pidfile {{folder}}/pid
TLSCACertificateFile {{folder}}/ca.pem
TLSCertificateFile {{folder}}/certificate.pem
TLSCertificateKeyFile {{folder}}/key.pem
disallow bind_anon
database mdb
suffix "{BASE}"
rootdn "{MANAGER}"
rootpw manages
directory {{folder}}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.exact="uid=hidden,{PEOPLE}" by dn.exact="{READER}" read by * auth
access to * by dn.exact="{READER}" read by dn.base="{MANAGER}" write by self read by users read by * auth
"""
REFERRED = f"""
dn: ou=elsewhere,{BASE}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/ou=elsewhere,{BASE}
"""


@dataclass(frozen=True)
class Slapd:
    plain: int
    """Port."""
    secure: int
    folder: Path

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.plain}"

    @property
    def secure_url(self) -> str:
        return f"ldaps://localhost:{self.secure}"

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    def change(self, ldif: str) -> None:
        arguments = ["ldapmodify", "-x", "-H", self.url, "-D", MANAGER, "-w", "manages", "-c"]
        done = subprocess.run(arguments, input=ldif.encode(), capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr

    def add(self, *entries: str) -> None:
        self.change("\n\n".join(entry.strip().replace("\n", "\nchangetype: add\n", 1) for entry in entries))

    def join(self, group: str, name: str) -> None:
        self.change(f"dn: cn={group},{GROUPS}\nchangetype: modify\nadd: member\nmember: uid={name},{PEOPLE}\n")

    def leave(self, group: str, name: str) -> None:
        self.change(f"dn: cn={group},{GROUPS}\nchangetype: modify\ndelete: member\nmember: uid={name},{PEOPLE}\n")


def entry_of(name: str, *more: str, **changed: str | None) -> str:
    """The LDIF of a user, whose password is ``PASSWORD``; None leaves an attribute out."""
    right: dict[str, str | None] = {
        "uid": name,
        "cn": f"{name.title()} of the directory",
        "sn": name.title(),
        "mail": f"{name}@example.org",
        "userPassword": PASSWORD.format(name=name),
    }
    lines = (f"{key}: {value}" for key, value in (right | changed).items() if value is not None)
    return "\n".join([f"dn: uid={name},{PEOPLE}", "objectClass: inetOrgPerson", *lines, *more])


def group_of(name: str, *members: str) -> str:
    listed = (f"member: uid={member},{PEOPLE}" for member in members)
    return "\n".join(
        [f"dn: cn={name},{GROUPS}", "objectClass: groupOfNames", f"cn: {name}", f"member: {MANAGER}", *listed]
    )


def folder_of(name: str) -> str:
    return f"dn: ou={name},{BASE}\nobjectClass: organizationalUnit\nou: {name}"


ROOT = (
    f"dn: {BASE}\nobjectClass: domain\ndc: example",
    f"dn: {READER}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {READER_PASSWORD}",
    folder_of("people"),
    folder_of("groups"),
)


@contextmanager
def serving(folder: Path) -> Iterator[Slapd]:
    """Serve an empty directory until the end of the block."""
    program = shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise FileNotFoundError("slapd is missing. On Debian: apt-get install slapd ldap-utils")
    made = Slapd(free_port(), free_port(), folder)
    (folder / "data").mkdir()
    write_certificates(folder)
    (folder / "slapd.conf").write_text(CONFIGURATION.format(folder=folder))
    urls = f"{made.url}/ ldaps://127.0.0.1:{made.secure}/"
    log = (folder / "log").open("w")
    # In the foreground, with warnings only.
    process = subprocess.Popen([program, "-f", str(folder / "slapd.conf"), "-h", urls, "-d", "0"], stderr=log)
    try:
        wait_for(made.plain, process, folder / "log")
        made.add(*ROOT, REFERRED)
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE)
        log.close()


def with_people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """The fixture ``slapd``: a directory with grace and ada, and the groups admins and staff."""
    with serving(tmp_path_factory.mktemp("slapd")) as served:
        served.add(entry_of("grace"), entry_of("ada"), group_of("admins"), group_of("staff"))
        yield served


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"slapd does not serve:\n{log.read_text()}")


def write_certificates(folder: Path) -> None:
    """A certificate for localhost, and that of its issuer."""
    issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _of in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the issuer of the tests")])
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    is_issuer = x509.BasicConstraints(ca=True, path_length=None)
    usage = x509.KeyUsage(*(name in (5, 6) for name in range(9)))
    ca = certificate(issuer, issuer, issuer_key).add_extension(is_issuer, True).add_extension(usage, True)
    signed = certificate(own, issuer, key).add_extension(names, False)
    signed = signed.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key()), False)
    for name, builder in (("ca", ca), ("certificate", signed)):
        made = builder.sign(issuer_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*pem))


def certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    today = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=today - timedelta(days=900),
        not_valid_after=today + timedelta(days=900),
    )


def with_directory(make_app, served: Slapd, **changed: str):
    """A site whose users are searched in the directory."""
    right = {
        "WEBAPP_LDAP_URL": served.url,
        "WEBAPP_LDAP_READER": READER,
        "WEBAPP_LDAP_READER_PASSWORD": READER_PASSWORD,
        "WEBAPP_LDAP_BASE": PEOPLE,
    }
    return make_app(**{name: value for name, value in (right | changed).items() if value})
