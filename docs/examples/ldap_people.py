"""Identity provider for an LDAP directory: pip install ldap3, and WEBAPP_IDENTITY_PROVIDER=ldap_people:authenticate."""

import os

from ldap3 import Connection, Server
from ldap3.utils.conv import escape_filter_chars

from webapp.accounts.identity import Identity

SERVER = Server(os.environ["LDAP_URL"], connect_timeout=2)
READER = {"user": os.environ["LDAP_READER"], "password": os.environ["LDAP_READER_PASSWORD"]}
WANTED = ["uid", "mail", "cn", "entryUUID"]


def authenticate(identifier: str, password: str) -> Identity | None:
    name = escape_filter_chars(identifier)
    with Connection(SERVER, **READER, auto_bind=True, receive_timeout=2) as directory:
        directory.search(os.environ["LDAP_BASE"], f"(|(uid={name})(mail={name}))", attributes=WANTED)
        found = directory.entries
    if len(found) != 1 or not Connection(SERVER, found[0].entry_dn, password, receive_timeout=2).bind():
        return None
    uid, mail, cn, uuid = (found[0][wanted].value for wanted in WANTED)
    return Identity(username=uid, email=mail, display_name=cn, subject=uuid)
