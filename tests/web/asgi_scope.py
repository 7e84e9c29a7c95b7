"""A request as an ASGI server hands it on."""

LENGTH_5 = (b"content-length", b"5")
CHUNKED = (b"transfer-encoding", b"chunked")


def scope(method="POST", path=b"/echo", *headers, client="203.0.113.5"):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "raw_path": path,
        "query_string": b"a=%20",
        "headers": [(b"host", b"localhost"), *headers],
        "server": ("127.0.0.1", "8000"),
        "client": (client, "50000"),
    }
