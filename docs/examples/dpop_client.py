"""Call a Latchkey site with a token that is bound to a key (DPoP, RFC 9449). pip install "pyjwt[crypto]".

python dpop_client.py               creates the key and prints its public part, for the token page
python dpop_client.py /protected    sends a request; reads LATCHKEY_URL and LATCHKEY_TOKEN from the environment
"""

import base64
import hashlib
import json
import os
import sys
import time
import uuid
from pathlib import Path
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

SITE, FILE = os.environ.get("LATCHKEY_URL", ""), Path("latchkey_key.pem")
if not FILE.exists():
    FILE.touch(mode=0o600)
    made = ec.generate_private_key(ec.SECP256R1())
    FILE.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
KEY = load_pem_private_key(FILE.read_bytes(), None)
PUBLIC = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)


def proof(method, url, token=""):
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"jti": str(uuid.uuid4()), "iat": int(time.time()), "htm": method, "htu": url, "ath": ath}
    return jwt.encode(claims, KEY, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": PUBLIC})


def call(method, path, token="", body=None):
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    headers |= {"Authorization": f"DPoP {token}"} if token else {}
    headers["DPoP"] = proof(method, SITE + path, token)
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(SITE + path, data, headers, method=method), timeout=10) as answer:
        return json.load(answer)


# A login binds its tokens to the key too: call("POST", "/api/auth", body={"username": …, "password": …}).
if __name__ == "__main__":
    print(json.dumps(call("GET", sys.argv[1], os.environ["LATCHKEY_TOKEN"]) if sys.argv[1:] else PUBLIC))
