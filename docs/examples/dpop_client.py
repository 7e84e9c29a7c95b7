"""Call a Latchkey house with a token that is worth nothing without our key (RFC 9449).

Needs `pip install "pyjwt[crypto]"`. With LATCHKEY_URL, LATCHKEY_USER and LATCHKEY_PASSWORD set: python dpop_client.py
"""

import base64
import hashlib
import json
import os
import time
import uuid
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

HOUSE = os.environ["LATCHKEY_URL"]
# Keep it, where a later start is to use the same token; nobody else may read it.
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)


def proof(method, url, token=None):
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
    if token:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    return jwt.encode(claims, KEY, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": PUBLIC})


def call(method, path, token=None, body=None):
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    headers |= {"DPoP": proof(method, HOUSE + path, token)} | ({"Authorization": f"DPoP {token}"} if token else {})
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(HOUSE + path, data, headers, method=method), timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    login = {"username": os.environ["LATCHKEY_USER"], "password": os.environ["LATCHKEY_PASSWORD"]}
    token = call("POST", "/api/auth", body=login)["access_token"]
    print(call("GET", "/protected", token)["username"])
