"""What the tables are filled with: one SELECT for each, over the numbers from ``{first}`` to ``{last}``.

Everything follows from the number of the row, so that tables agree without looking each other up.
"""

from dataclasses import dataclass

from tests.factories import HASHED

DAY = 86_400_000_000
NAMES = "ada,ben,cleo,dora,emil,finn,gita,hugo,ines,jan,kira,lars,mona,nils,olga,paul,rosa,sven,tina,udo"
# The credentials of a user: a live session, an ended one, a live token, an expired one, a script login.
VARIETY = "(i - 1) / {users} % 5"
OWNER = "md5('user' || (1 + (i - 1) % {users}))::uuid"
# About one event in a hundred is of the first user, such as a script that is refused all day.
PERSON = "CASE i % 101 WHEN 0 THEN 1 ELSE 1 + i * 7919 % {users} END"


@dataclass(frozen=True, slots=True)
class Recipe:
    table: str
    columns: str
    select: str
    of: str
    """Which size says how many numbers there are: ``users``, ``credentials`` or ``events``."""


USERS = Recipe(
    '"user"',
    "id, username, username_key, username_skeleton, email, email_key, password_hash, role, created_at, last_login_at, "
    "disabled_at, closes_at, email_verified_at",
    f"""
SELECT md5('user' || i)::uuid, name, name, name, email, email, '{HASHED}',
  CASE i % 1000 WHEN 0 THEN 'admin' ELSE 'user' END, {{now}} - ({{users}} - i) * (730 * {DAY} / {{users}}),
  CASE i % 3 WHEN 0 THEN NULL ELSE {{now}} - i * 7919 % 200 * {DAY} END,
  CASE i % 101 WHEN 7 THEN {{now}} END, CASE i % 1000 WHEN 9 THEN {{now}} + 14 * {DAY} END, {{now}}
FROM (SELECT i, ('{{{{{NAMES}}}}}'::text[])[1 + i % 20] || i * 7368787 % 16777216 AS name,
  'm' || i * 7919 % {{users}} || '@example.org' AS email FROM generate_series({{first}}::bigint, {{last}}) i) each""",
    "users",
)
TOTP = Recipe(
    "totp_seed",
    "id, user_id, sealed, created_at, last_step",
    """
SELECT md5('totp' || i)::uuid, md5('user' || i)::uuid, decode(repeat(md5('seed' || i), 4), 'hex'), {now}, 0
FROM generate_series({first}::bigint, {last}) i WHERE i % 3 = 1""",
    "users",
)
PASSKEYS = Recipe(
    "passkey",
    "id, user_id, credential_id, public_key, sign_count, aaguid, name, transports, is_synced, created_at, uses",
    """
SELECT md5('passkey' || i)::uuid, md5('user' || i)::uuid, decode(md5('passkey' || i), 'hex'),
  decode(repeat(md5('key' || i), 5), 'hex'), 0, '', 'Phone', '[]', true, {now}, 0
FROM generate_series({first}::bigint, {last}) i WHERE i % 10 = 3""",
    "users",
)
CREDENTIALS = Recipe(
    "credential",
    "id, key, kind, user_id, created_at, expires_at, idle_at, idle, revoked_at, auth_time, amr, authority, "
    "last_used_at",
    f"""
SELECT md5('credential' || i)::uuid, md5('key' || i), ('{{{{session,session,token,token,refresh}}}}'::text[])[1 + v],
  {OWNER}, {{now}} - 60 * {DAY},
  {{now}} + CASE v WHEN 2 THEN 1 + i * 7919 % 365 WHEN 3 THEN -1 - i * 7919 % 80 ELSE 30 END * {DAY},
  CASE WHEN v IN (0, 1, 4) THEN {{now}} + 14 * {DAY} END, CASE WHEN v IN (0, 1, 4) THEN 14 * {DAY} END,
  CASE v WHEN 1 THEN {{now}} - {DAY} END, {{now}} - 60 * {DAY}, 'pwd',
  CASE WHEN v > 1 THEN '{{{{"scopes":["protected:read"]}}}}' END, {{now}} - i * 7919 % 864000 * 1000000
FROM (SELECT i, {VARIETY} AS v FROM generate_series({{first}}::bigint, {{last}}) i) each""",
    "credentials",
)
BROWSERS = Recipe(
    "browser_session",
    "id, user_agent, address, is_remembered",
    f"""
SELECT md5('credential' || i)::uuid, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  '203.0.113.18', true FROM generate_series({{first}}::bigint, {{last}}) i WHERE {VARIETY} < 2""",
    "credentials",
)
TOKENS = Recipe(
    "api_token",
    "id, user_id, name, taken_name, origin",
    f"""
SELECT md5('credential' || i)::uuid, {OWNER}, 'script ' || i, CASE {VARIETY} WHEN 2 THEN 'script ' || i END, 'page'
FROM generate_series({{first}}::bigint, {{last}}) i WHERE {VARIETY} IN (2, 3)""",
    "credentials",
)
TOKEN_USES = Recipe(
    "credential_use",
    "credential_id, day, requests",
    f"""
SELECT md5('credential' || i)::uuid, current_date - (i % 7)::int, i % 100
FROM generate_series({{first}}::bigint, {{last}}) i WHERE {VARIETY} = 2""",
    "credentials",
)
FAMILIES = Recipe(
    "refresh_family",
    "id, access_lifetime, user_agent",
    f"""
SELECT md5('credential' || i)::uuid, 900000000, 'curl/8.5.0'
FROM generate_series({{first}}::bigint, {{last}}) i WHERE {VARIETY} = 4""",
    "credentials",
)
REFRESH_TOKENS = Recipe(
    "refresh_token",
    "digest, family_id, generation, created_at",
    f"""
SELECT sha256(('refresh' || i)::bytea), md5('credential' || i)::uuid, 1, {{now}} - 60 * {DAY}
FROM generate_series({{first}}::bigint, {{last}}) i WHERE {VARIETY} = 4""",
    "credentials",
)
# Digests as ``audit.chain`` computes them, so that the chain of a filled log verifies.
CHAIN = (
    """CREATE FUNCTION pg_temp.chained(former bytea, beginning bytea, canonical text) RETURNS bytea LANGUAGE plpgsql
    AS 'BEGIN RETURN sha256(coalesce(former, beginning) || convert_to(canonical, ''UTF8'')); END'""",
    "CREATE AGGREGATE pg_temp.chain(bytea, text) (sfunc = pg_temp.chained, stype = bytea)",
)
EVENTS = Recipe(
    "audit_event",
    "id, seq, digest, at, event, user_id, actor_id, address, request_id, details",
    f"""
SELECT id, i, pg_temp.chain('\\x{{former}}', concat('{{{{', '"actor_id":"' || actor || '",', '"address":"', address,
    '","at":', at, ',"details":', details, ',"event":"', event, '","id":"', id, '","request_id":"', request,
    '","seq":', i, ',"user_id":"', person, '"}}}}')) OVER (ROWS UNBOUNDED PRECEDING),
  at, event, person, actor, address, request, details
FROM (SELECT i, md5('event' || i)::uuid AS id, {{now}} - ({{events}} - i) * (180 * {DAY} / {{events}}) AS at,
  event, md5('user' || {PERSON})::uuid AS person,
  CASE event WHEN 'user.disabled' THEN md5('user1000')::uuid END AS actor,
  '10.' || i % 20 || '.' || i * 7919 % 251 || '.7' AS address, md5('request' || i)::uuid::text AS request,
  CASE event WHEN 'access.refused' THEN '{{{{"reason":"scope","route":"/reports/<int:number>"}}}}'
    WHEN 'session.started' THEN '{{{{"amr":"pwd"}}}}' ELSE '{{{{}}}}' END AS details
  FROM (SELECT i, CASE WHEN i / 7 % 50000 = 77 THEN 'role.changed' WHEN i / 7 % 20 < 8 THEN 'session.started'
    WHEN i / 7 % 20 < 13 THEN 'refresh.used' WHEN i / 7 % 20 < 16 THEN 'session.ended'
    WHEN i / 7 % 20 < 18 THEN 'access.refused' WHEN i / 7 % 20 = 18 THEN 'token.minted'
    ELSE 'user.disabled' END AS event
    FROM generate_series({{first}}::bigint, {{last}}) i OFFSET 0) kinds OFFSET 0) each""",
    "events",
)
OF_PEOPLE = (USERS, TOTP, PASSKEYS, CREDENTIALS, BROWSERS, TOKENS, TOKEN_USES, FAMILIES, REFRESH_TOKENS)
