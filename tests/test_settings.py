"""Settings: valid values, and errors that stop the start."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from webapp.settings import InstanceError, Settings, SettingsError, private_files

SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"
OTHER = "k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe"


def read(tmp_path, **environ):
    return Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY": SECRET} | environ)


def test_by_default_the_site_serves_only_this_machine(tmp_path):
    settings = read(tmp_path)
    assert settings.base_url == "http://localhost:8000"
    assert settings.database == f"sqlite:///{tmp_path}/latchkey.db"
    assert not settings.cookie_secure


def test_the_environment_is_read_in_the_types_of_the_fields(tmp_path):
    settings = read(
        tmp_path,
        WEBAPP_BASE_URL="https://Login.Example.org:443/",
        WEBAPP_SESSION_IDLE="90m",
        WEBAPP_SETUP_LIFETIME="45s",
        WEBAPP_TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1",
        WEBAPP_LOG_JSON="Yes",
        WEBAPP_WORKERS="3",
    )
    assert settings.base_url == "https://login.example.org"
    assert settings.cookie_secure
    assert settings.session_idle == timedelta(minutes=90)
    assert settings.setup_lifetime == timedelta(seconds=45)
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))
    assert settings.log_json is True
    assert settings.workers == 3


def test_the_environment_overrides_the_file_and_the_file_the_defaults(tmp_path):
    (tmp_path / "config.toml").write_text(
        'workers = 5\nthreads = 6\nlog_json = true\nsession_idle = "1h"\ntrusted_proxies = ["10.0.0.0/8"]\n'
    )
    settings = read(tmp_path, WEBAPP_WORKERS="7")
    assert (settings.workers, settings.threads, settings.log_json) == (7, 6, True)
    assert settings.session_idle == timedelta(hours=1)
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"),)


def test_a_secret_can_be_read_from_a_file(tmp_path):
    (tmp_path / "mounted").write_text(OTHER + "\n")
    environ = {"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY_FILE": str(tmp_path / "mounted")}
    assert Settings.from_env(environ).secret_key == OTHER


def test_a_secret_in_a_config_file_that_others_can_read_stops_the_start(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f'secret_key = "{OTHER}"\n')
    config.chmod(0o644)
    with pytest.raises(InstanceError, match="chmod 600"):
        Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path)})
    config.chmod(0o600)
    assert Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path)}).secret_key == OTHER


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        pytest.param(
            {"WEBAPP_BIN": "x"}, "WEBAPP_BIN is .*mean WEBAPP_BIND", id="a misspelt name is refused, with the nearest"
        ),
        pytest.param({"WEBAPP_QQQQQQQQ": "x"}, "WEBAPP_QQQQQQQQ", id="a name like no other is refused"),
        pytest.param({"WEBAPP_INSTANCE": ""}, "WEBAPP_INSTANCE", id="the instance is not nowhere"),
        pytest.param({"WEBAPP_BIND_FILE": "x"}, "WEBAPP_BIND_FILE", id="only secrets come from files"),
        pytest.param({"WEBAPP_SECRET_KEY_FILE": "/x"}, "WEBAPP_SECRET_KEY .*both", id="a secret is not given twice"),
        pytest.param({"WEBAPP_VALKEY_URL_FILE": "/no/such"}, "WEBAPP_VALKEY_URL_FILE", id="a missing file is refused"),
        pytest.param({"WEBAPP_SESSION_IDLE": "soon"}, "WEBAPP_SESSION_IDLE", id="a duration is a number with a unit"),
        pytest.param({"WEBAPP_SESSION_IDLE": "12"}, "with its unit, such as .* 12h", id="a duration has a unit"),
        pytest.param({"WEBAPP_SESSION_IDLE": "9999999999d"}, "WEBAPP_SESSION_IDLE", id="a duration has an end"),
        pytest.param({"WEBAPP_SESSION_IDLE": "0s"}, "WEBAPP_SESSION_IDLE", id="a duration is more than nothing"),
        pytest.param({"WEBAPP_WORKERS": "-1"}, "WEBAPP_WORKERS", id="a number is not negative"),
        pytest.param({"WEBAPP_WORKERS": "0"}, "WEBAPP_WORKERS", id="a number is not zero"),
        pytest.param({"WEBAPP_WORKERS": "1e3"}, "WEBAPP_WORKERS", id="a number is written in digits"),
        pytest.param({"WEBAPP_LOG_JSON": "maybe"}, "WEBAPP_LOG_JSON", id="a truth is true or false"),
        pytest.param({"WEBAPP_LOG_LEVEL": "loud"}, "WEBAPP_LOG_LEVEL", id="a level is one of four"),
        pytest.param({"WEBAPP_SIGNING_ALGORITHM": "none"}, "WEBAPP_SIGNING_ALGORITHM", id="nothing is no signature"),
        pytest.param({"WEBAPP_BIND": "8000"}, "WEBAPP_BIND", id="a port alone is no address"),
        pytest.param({"WEBAPP_BIND": "127.0.0.1:99999"}, "WEBAPP_BIND", id="a port ends at 65535"),
        pytest.param({"WEBAPP_BIND": "0.0.0.0:8000"}, "WEBAPP_BASE_URL", id="who listens to all says where he is"),
        pytest.param({"WEBAPP_BASE_URL": "http://login.lan"}, "https", id="a public address is https"),
        pytest.param({"WEBAPP_BASE_URL": "http://127.0.0.1.evil.org"}, "https", id="a name like loopback is public"),
        pytest.param({"WEBAPP_BASE_URL": "ftp://login.org"}, "WEBAPP_BASE_URL", id="the address is http"),
        pytest.param({"WEBAPP_BASE_URL": "https://login.org/a//b"}, "WEBAPP_BASE_URL", id="a path has no empty part"),
        pytest.param({"WEBAPP_BASE_URL": "https://login.org/a/../b"}, "WEBAPP_BASE_URL", id="a path has no dots"),
        pytest.param({"WEBAPP_BASE_URL": "https://login.org/a%20b"}, "WEBAPP_BASE_URL", id="a path has no escapes"),
        pytest.param({"WEBAPP_BASE_URL": "https://login.org?a"}, "WEBAPP_BASE_URL", id="the address has no query"),
        pytest.param({"WEBAPP_BASE_URL": "https://me@login.org"}, "WEBAPP_BASE_URL", id="the address has no user"),
        pytest.param({"WEBAPP_BASE_URL": "https://log\nin.org"}, "WEBAPP_BASE_URL", id="the address has no line break"),
        pytest.param(
            {"WEBAPP_BASE_URL": "https://login.org:x"}, "WEBAPP_BASE_URL", id="the address's port is a number"
        ),
        pytest.param({"WEBAPP_DATABASE_URL": "sqlite://"}, "WEBAPP_DATABASE_URL", id="memory is no database"),
        pytest.param({"WEBAPP_DATABASE_URL": "mysql://x/y"}, "WEBAPP_DATABASE_URL", id="two databases are known"),
        pytest.param({"WEBAPP_VALKEY_URL": "http://x"}, "WEBAPP_VALKEY_URL", id="Valkey has schemes of its own"),
        pytest.param({"WEBAPP_SECRET_KEY": "short"}, "WEBAPP_SECRET_KEY .*32", id="a secret key is long"),
        pytest.param({"WEBAPP_SECRET_KEY": ""}, "WEBAPP_SECRET_KEY .*32", id="an empty secret key is none"),
        pytest.param({"WEBAPP_SECRET_KEY": "x" * 40}, "random enough", id="a secret key is not one letter"),
        pytest.param(
            {"WEBAPP_SECRET_KEY": "abcdefghij" * 4}, "random enough", id="a secret key does not repeat itself"
        ),
        pytest.param({"WEBAPP_SECRET_KEY": "changeme" + SECRET}, "published example", id="a secret key is no example"),
        pytest.param(
            {"WEBAPP_SECRET_KEY": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"},
            "published example",
            id="a secret key is not that of Flask's manual",
        ),
        pytest.param({"WEBAPP_SECRET_KEY_FALLBACKS": f"{OTHER},short"}, "FALLBACKS", id="a former key is as good"),
        pytest.param(
            {"WEBAPP_SIGNING_ALGORITHM": "HS256", "WEBAPP_SIGNING_KEY": "-----BEGIN PRIVATE KEY-----"},
            "WEBAPP_SIGNING_KEY",
            id="HS256 takes no PEM",
        ),
        pytest.param(
            {"WEBAPP_SESSION_IDLE": "8d"}, "SESSION_IDLE .*SESSION_LIFETIME", id="idle ends before the lifetime"
        ),
        pytest.param({"WEBAPP_REMEMBER_LIFETIME": "1d"}, "REMEMBER_LIFETIME", id="remembered is longer than not"),
        pytest.param(
            {"WEBAPP_ACCESS_TOKEN_LIFETIME": "400d"}, "ACCESS_TOKEN_LIFETIME", id="a token obeys the longest lifetime"
        ),
        pytest.param({"WEBAPP_REFRESH_OVERLAP": "15d"}, "REFRESH_OVERLAP", id="an overlap ends with its token"),
        pytest.param({"WEBAPP_TRUSTED_PROXIES": "proxy"}, "WEBAPP_TRUSTED_PROXIES", id="a proxy is a network"),
        pytest.param(
            {"WEBAPP_TRUSTED_PROXIES": "10.0.0.1/8"}, "WEBAPP_TRUSTED_PROXIES", id="a network has no host bits"
        ),
        pytest.param({"WEBAPP_TRUSTED_PROXIES": "0.0.0.0/0"}, "WEBAPP_TRUSTED_PROXIES", id="not everybody is a proxy"),
        pytest.param({"WEBAPP_PASSWORD_MINIMUM": "4"}, "WEBAPP_PASSWORD_MINIMUM", id="a password has eight or more"),
    ],
)
def test_an_invalid_setting_stops_the_start_with_a_message(tmp_path, environ, words):
    with pytest.raises(SettingsError, match=words) as refusal:
        read(tmp_path, **environ)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("workerz = 3", "workerz .*workers", id="a misspelt name"),
        pytest.param('instance = "/x"', "instance", id="the folder that holds the file"),
        pytest.param("workers = ", "config.toml", id="broken TOML"),
        pytest.param("session_idle = 12", "WEBAPP_SESSION_IDLE .*unit", id="a number for a duration"),
        pytest.param("workers = 1.5", "WEBAPP_WORKERS", id="a fraction"),
        pytest.param("[workers]\na = 1", "WEBAPP_WORKERS", id="a table"),
    ],
)
def test_a_config_file_is_checked_like_the_environment(tmp_path, text, words):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        read(tmp_path)


@pytest.mark.parametrize(
    ("given", "own", "former"),
    [
        pytest.param({}, "http://localhost:8000", ("http://127.0.0.1:8000",), id="the default and the one before"),
        pytest.param(
            {"WEBAPP_BIND": "[::1]:80"}, "http://localhost", ("http://[::1]",), id="the default of another address"
        ),
        pytest.param({"WEBAPP_BIND": "127.0.0.2:8000"}, "http://127.0.0.2:8000", (), id="no name for it"),
        pytest.param({"WEBAPP_BASE_URL": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000", (), id="a chosen one"),
        pytest.param(
            {
                "WEBAPP_BASE_URL": "https://new.example.org",
                "WEBAPP_FORMER_BASE_URLS": "https://Old.example.org/ http://lan:80,https://new.example.org",
            },
            "https://new.example.org",
            ("https://old.example.org", "http://lan"),
            id="former ones in one spelling",
        ),
    ],
)
def test_former_urls_are_the_listed_ones_and_the_former_default(tmp_path, given, own, former):
    settings = read(tmp_path, **given)
    assert (settings.base_url, settings.former_base_urls) == (own, former)
    # As ``replace`` does, which sees the filled-in values.
    assert replace(settings).former_base_urls == former


@pytest.mark.parametrize(
    "url", ["old.example.org", "https://old.example.org/?x", "https://a@b", "ftp://x", "https://" + 200 * "a"]
)
def test_an_invalid_former_url_stops_the_start(tmp_path, url):
    with pytest.raises(SettingsError, match="WEBAPP_FORMER_BASE_URLS"):
        read(tmp_path, WEBAPP_FORMER_BASE_URLS=url)


def test_settings_never_show_a_secret(tmp_path):
    environ = {"WEBAPP_DATABASE_URL": "postgresql://me:hunter2@db/x", "WEBAPP_SECRET_KEY_FALLBACKS": OTHER}
    settings = read(tmp_path, **environ)
    shown = repr(settings) + repr(settings.describe({"WEBAPP_INSTANCE": str(tmp_path)} | environ))
    assert not any(secret in shown for secret in (SECRET, OTHER, "hunter2"))


def test_the_manual_has_the_meaning_and_source_of_each_setting(tmp_path):
    environ = {"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY": SECRET, "WEBAPP_SESSION_IDLE": "90m"}
    rows = {row.variable: row for row in Settings.from_env(environ).describe(environ)}
    assert all(row.meaning.endswith(".") for row in rows.values())
    idle = rows["WEBAPP_SESSION_IDLE"]
    assert (idle.type, idle.default, idle.value, idle.source) == ("duration", "12h", "90m", "environment")
    assert rows["WEBAPP_WORKERS"].source == "default"


@pytest.mark.parametrize("source", ["environment", "file"])
def test_a_former_setting_name_is_accepted_unless_the_present_one_is_set_too(tmp_path, source):
    def read(**given):
        if source == "environment":
            return Settings.from_env(
                {"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY": SECRET}
                | {f"WEBAPP_{name.upper()}": value for name, value in given.items()}
            )
        private_files.make_secret_key(tmp_path)
        (tmp_path / "config.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in given.items()))
        return Settings.from_env({"WEBAPP_INSTANCE": str(tmp_path)})

    assert read(house_name="Ours").site_name == read(site_name="Ours").site_name == "Ours"
    assert read(login_tries_per_address="7").login_tries_per_network == 7
    assert read(api_token_lifetime="7m").access_token_lifetime == timedelta(minutes=7)
    with pytest.raises(SettingsError, match=r"(?i)house_name is the former name of \w*site_name"):
        read(house_name="Ours", site_name="Others")
