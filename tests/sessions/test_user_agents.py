"""A browser in words, for people to know their own devices by."""

import pytest

from webapp.sessions.user_agents import describe_user_agent

MOZILLA = "Mozilla/5.0"
CHROME = f"{MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
SAMSUNG = "Samsung Internet on Android"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{MOZILLA} (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.1 Safari/605.1", "Safari on macOS"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1", "Safari on iPhone"),
        (f"{MOZILLA} (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{CHROME} Safari/537.36", "Chrome on Windows"),
        (f"{CHROME} Safari/537.36 OPR/120.0", "Opera on Windows"),
        (f"{CHROME} YaBrowser/25.2 Safari/537.36", "A browser on Windows"),
        (f"{CHROME} Safari/537.36 [FB_IAB/FB4A;FBAV/400.0;]", "A browser on Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) Ubuntu Chromium/80.0 Chrome/80.0 Safari/537.36", "Chromium on Linux"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        (f"{MOZILLA} (Linux; Android 10; K) SamsungBrowser/28.0 Chrome/130.0 Safari/537.36", SAMSUNG),
        (f"{MOZILLA} (Linux; U; Android 4.0.3) Version/4.0 Mobile Safari/534.30", "A browser on Android"),
        (f"{MOZILLA} (iPad; CPU OS 17_5 like Mac OS X) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPad"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148", "A browser on iPhone"),
        ("Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18", "Opera on Windows"),
        ("curl/8.5.0", "curl"),
        ("curl/7.19.7 (x86_64-redhat-linux-gnu) libcurl/7.19.7 NSS/3.13.1.0", "curl"),
        ("python-requests/2.32", "Python"),
        ("", "A browser"),
        ("<script>", "A browser"),
        ("x" * 8000, "A browser"),
    ],
)
def test_a_user_agent_is_named_by_browser_and_system(user_agent, words):
    assert describe_user_agent(user_agent) == words
