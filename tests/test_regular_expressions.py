"""Every regular expression that sees outside input does work that is linear in it."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from tests.linear_work import is_linear, work
from webapp.sessions import user_agents

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}

# By the file and the constant, or the text of the expression: how it is applied, and the repeated text that makes it
# work hardest. "ours" is never given anything from outside: it reads settings, commands, key files or our own routes.
EXPRESSIONS = {
    "traces.TRACEPARENT": ("fullmatch", "0"),
    "claims.HEADER_NAME": ("fullmatch", "ours"),
    "clients.UUID_TEXT": ("fullmatch", "a"),
    "codes.VERIFIER": ("fullmatch", "a"),
    "cookie.ONE_COOKIE": ("fullmatch", "a="),
    "counted_checks.ID_LIKE": ("fullmatch", "a1"),
    "exposition.OF_A_PROCESS": ("fullmatch", "ours"),
    "own_authenticators.NAME": ("fullmatch", "ours"),
    "own_authenticators.TAKEN_HEADERS": ("fullmatch", "ours"),
    "passkey_records: ^[A-Za-z0-9.-]{1,200}$": ("search", "a."),
    "pushed_requests.SHAPE": ("fullmatch", "a"),
    "resources.URI": ("fullmatch", "a:"),
    "redirect_uris.PLAIN": ("fullmatch", "a"),
    "redirect_uris.PRIVATE_USE": ("fullmatch", "a."),
    "request_rules.CHALLENGE": ("fullmatch", "a"),
    "request_rules: [0-9]{1,9}": ("fullmatch", "1"),
    "scope_rule.NAME": ("fullmatch", "ours"),
    "service_accounts: ^[^\\x00]*$": ("search", "a\n"),
    "service_accounts: ^[a-z0-9_]*$": ("search", "a"),
    "foreign_hash_schemes.APR1": ("fullmatch", "a"),
    "foreign_hash_schemes.ARGON2": ("fullmatch", "a"),
    "foreign_hash_schemes.BCRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.DJANGO_BCRYPT_SHA256": ("fullmatch", "a"),
    "foreign_hash_schemes.DJANGO_PBKDF2": ("fullmatch", "a"),
    "foreign_hash_schemes.DJANGO_SCRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.LDAP_SHA": ("fullmatch", "a"),
    "foreign_hash_schemes.LDAP_SSHA": ("fullmatch", "a"),
    "foreign_hash_schemes.LDAP_SSHA256": ("fullmatch", "a"),
    "foreign_hash_schemes.LDAP_SSHA512": ("fullmatch", "a"),
    "foreign_hash_schemes.MD5_CRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.PASSLIB_BCRYPT_SHA256": ("fullmatch", "a"),
    "foreign_hash_schemes.PASSLIB_PBKDF2": ("fullmatch", "a"),
    "foreign_hash_schemes.PASSLIB_SCRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.PHPASS": ("fullmatch", "a"),
    "foreign_hash_schemes.SHA256_CRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.SHA512_CRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes.WERKZEUG_PBKDF2": ("fullmatch", "a"),
    "foreign_hash_schemes.WERKZEUG_SCRYPT": ("fullmatch", "a"),
    "foreign_hash_schemes: (?:md5|sha1)\\$[A-Za-z0-9]{0,64}\\$[0-9a-f]{32,40}": ("fullmatch", "$"),
    "foreign_hash_schemes: (?:pbkdf2:)?(?:md5|sha1|sha256|sha512)\\$[A-Za-z0-9]{0,64}\\$[0-9a-f]{32,128}": (
        "fullmatch",
        "$",
    ),
    "foreign_hash_schemes: [./A-Za-z0-9]{13}": ("fullmatch", "a"),
    "foreign_hash_schemes: [0-9A-Fa-f]{128}": ("fullmatch", "a"),
    "foreign_hash_schemes: [0-9A-Fa-f]{32}|\\{MD5\\}.{1,40}": ("fullmatch", "a"),
    "foreign_hash_schemes: [0-9A-Fa-f]{40}": ("fullmatch", "a"),
    "foreign_hash_schemes: [0-9A-Fa-f]{64}": ("fullmatch", "a"),
    "foreign_hash_schemes: \\$2x\\$.{1,60}": ("fullmatch", "$"),
    "foreign_hash_schemes: \\$g?y\\$.{1,190}": ("fullmatch", "$"),
    "foreign_hash_schemes: \\{SMD5\\}.{1,60}": ("fullmatch", "a"),
    "form_body.BLANK_LINE": ("search", "\r\n\r"),
    "form_body.ESCAPE": ("findall", "%6"),
    "new_accounts.NOT_IN_NAMES": ("sub", "ours"),
    "lifecycle.SLUG": ("fullmatch", "a"),
    "app_settings.SLUG": ("fullmatch", "a"),
    "identity_headers.CONTROL": ("sub", "a\n"),
    "original_request.JOINED": ("search", ", "),
    "original_request.METHOD": ("fullmatch", "A-"),
    "original_request.URI": ("fullmatch", "/a"),
    "path_patterns.ESCAPE": ("findall", "%6"),
    "path_patterns.PATTERN": ("fullmatch", "/*"),
    "path_patterns.PLAIN": ("fullmatch", "/a"),
    "proxy_configs.HOST_PORT": ("fullmatch", "a."),
    "provider_preset.TENANT": ("fullmatch", "a"),
    "provider_errors.RESPONDED": ("search", "the provider responds with 'a"),
    "providers: [^a-z0-9]+": ("sub", "-"),
    "new_migration: [^a-z0-9]+": ("sub", "ours"),
    "wording.NAMES": ("split", "ours"),
    "wording.VARIABLE": ("sub", "ours"),
    "brand: #[0-9a-fA-F]{6}": ("fullmatch", "ours"),
    "brand: [\\x21-\\x7e]+": ("fullmatch", "ours"),
    "declared.NAME": ("fullmatch", "ours"),
    "declared.PLACEHOLDER": ("sub", "ours"),
    "endpoints: ^((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\\.[0-9a-f-]{36})?$": ("search", "2026-01-01.a-"),
    "audit.DAY": ("search", "2026-01-01"),
    "audit.NO_NUL": ("search", "a\n"),
    'bearer: [^ -~]|["\\\\]': ("sub", "ours"),
    "checks.BIND": ("fullmatch", "ours"),
    "checks: [0-9A-Za-z.:_-]{1,253}": ("fullmatch", "ours"),
    "checks: (sqlite:///.|postgresql(\\+psycopg)?://)": ("match", "ours"),
    "checks: [\\x21-\\x7e]{1,200}": ("fullmatch", "ours"),
    "checks: [a-z][a-z0-9_]{1,19}|[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*": ("fullmatch", "ours"),
    "client_product.PRODUCT": ("match", "a."),
    "commands.OPTION_LIKE": ("fullmatch", "ours"),
    "dpop.THUMBPRINT": ("fullmatch", "a_"),
    "dpop: [\\x21-\\x7e]+": ("fullmatch", "a"),
    "error_codes.NAMED": ("search", ' error="a'),
    "fields: [\\s,]+": ("split", " ,"),
    "forms: ^/": ("search", "/"),
    "forms: ^[A-Z]{1,20}$": ("search", "A"),
    "forwarded.ENTRY": ("fullmatch", "f:"),
    "forwarded.HOST": ("fullmatch", "a."),
    "forwarded.OBFUSCATED_PORT": ("sub", ":_a"),
    "forwarded.PAIR": ("fullmatch", "a="),
    "forwarded: \\\\(.)": ("sub", "\\a"),
    "known_fields.NAME": ("fullmatch", "a_"),
    "new: [a-z][a-z0-9_]{1,29}": ("fullmatch", "ours"),
    "plugin_tables: [^a-z0-9]": ("sub", "ours"),
    "plugins: <[^>]*>": ("sub", "ours"),
    "references.SPELLING": ("fullmatch", "ours"),
    "set_up.UNSAFE": ("search", "a"),
    "token_advice.SCHEME": ("fullmatch", "a-"),
    "token_advice.TOKEN": ("fullmatch", "a."),
    "urls.HOST": ("fullmatch", "ours"),
    "urls.PATH": ("fullmatch", "ours"),
    "urls: [\\x21-\\x7e]+": ("fullmatch", "ours"),
    "identity.ATTRIBUTE": ("fullmatch", "ours"),
    "identity.ROLE": ("fullmatch", "ours"),
    "ldap_filter.ITEM": ("match", "ours"),
    "ldap_filter.PIECE": ("findall", "ours"),
    "ldap_filter.UNSAFE_IN_NAMES": ("sub", ",a"),
    "ldap_filter: (?<!\\\\),": ("split", "\\,a,"),
    "keys.PEM": ("finditer", "ours"),
    "keys: [,\\s]+": ("split", "ours"),
    "mail_templates: \\n{3,}": ("sub", "\n\na"),
    "openapi_document: \\bapi\\b": ("sub", "ours"),
    "openapi_schemas.VARIABLE": ("sub", "ours"),
    "prefill: (.*?)(?: (\\d{1,4}))?": ("fullmatch", " 1234"),
    "redirects.ON_THIS_SITE": ("fullmatch", "/a"),
    "refresh_secret.SHAPE": ("fullmatch", "lkr_"),
    "request_head.HOST": ("fullmatch", "a."),
    "request_examples.VARIABLE": ("sub", "ours"),
    "roles.NAME": ("fullmatch", "a_"),
    "scopes: <[^>]*>": ("sub", "ours"),
    "token_inspection: [\\w-]+\\.[\\w-]+\\.[\\w-]*": ("fullmatch", "a-"),
    "tracebacks.CODE": ("fullmatch", "a_"),
    "types: ([0-9]{1,10}) ?([smhd])": ("fullmatch", "ours"),
    "types: [,\\s]+": ("split", "ours"),
    "types: [0-9]{1,12}": ("fullmatch", "ours"),
    "user_codes.BETWEEN": ("sub", "- "),
    "user_codes.SHAPE": ("fullmatch", "BC"),
    "user_list: ^[^\\x00]*$": ("search", "a\n"),
    "pages: ^[^\\x00]*$": ("search", "a\n"),
    "transport.WORD": ("sub", "a."),
    "user_list: ^[a-z0-9_]*$": ("search", "a\n"),
    "requirements.REQUIREMENT": ("match", "ours"),
    "requirements: (?:\\.0+)+$": ("sub", "ours"),
    "requirements: [0-9]+(?:\\.[0-9]+)*": ("fullmatch", "ours"),
    "tester.NO_NUL": ("search", "a\n"),
    "tester: ^(aal2|phr)?$": ("search", "a"),
    "verify.TOKEN": ("fullmatch", "a."),
}
# What made an expression somewhere work hard before.
COMMON = ("a", "1", " ", "\n", "-", ".", "/", "?", "%61", "<", "a@", "é", ":")


@cache
def found():
    """Each expression in ``webapp``, by the name under which it stands above."""
    return {
        name: re.compile(pattern) if isinstance(pattern, str) else pattern
        for file in sorted((ROOT / "webapp").rglob("*.py"))
        if "migrations" not in file.parts
        for name, pattern in in_file(file)
    }


def in_file(file):
    tree = ast.parse(file.read_text())
    calls = [(node, expression_of(node)) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if not any(expression is not None for _, expression in calls):
        return
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    constants = {id(node.value): ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    for call, expression in calls:
        if expression is None:
            continue
        if name := constants.get(id(call)) or (expression.id if isinstance(expression, ast.Name) else None):
            yield f"{file.stem}.{name}", vars(module)[name]
        else:
            pattern = ast.literal_eval(expression)
            yield f"{file.stem}: {pattern}", pattern


def expression_of(call):
    """What is given to ``re``, to WTForms' Regexp or as msgspec's ``pattern``."""
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
        return call.args[0] if function.attr in FUNCTIONS else None
    if isinstance(function, ast.Name) and function.id == "Regexp":
        return call.args[0]
    return next((keyword.value for keyword in call.keywords if keyword.arg == "pattern"), None)


def test_every_regular_expression_is_listed_with_its_worst_input_or_as_internal():
    assert sorted(found()) == sorted(EXPRESSIONS)


SEEN = sorted(name for name, (_, worst) in EXPRESSIONS.items() if worst != "ours")


@pytest.mark.parametrize("name", SEEN)
def test_a_regular_expression_does_linear_work_on_outside_input(name):
    applied, worst = EXPRESSIONS[name]
    expression = found()[name]
    for repeated in (worst, *COMMON):
        assert is_linear(lambda text: work(expression, applied, text), repeated), repr(repeated)


@pytest.mark.parametrize("repeated", ["1", "Version/1", "Mozilla/5.0 (", "; ", "Chrome/1 ", "iPhone", *COMMON])
def test_a_user_agent_is_named_with_linear_work(repeated):
    """``Version/111…`` of 60 kB cost six seconds, with the interpreter locked."""
    user_agents.describe_user_agent("Mozilla/5.0")
    assert is_linear(user_agents.device_name.__wrapped__, repeated)


@pytest.mark.parametrize(
    ("expression", "repeated", "size"),
    [(r"<[^>]*>", "<", 8_000), (r"Version/[\d.]+.*Safari/", "Version/1", 20_000)],
)
def test_work_that_is_not_linear_is_noticed(expression, repeated, size):
    """Of the measure itself: the second is the expression that was attacked."""
    assert not is_linear(lambda text: re.sub(expression, "", text), repeated, size=size)
