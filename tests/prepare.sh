#!/bin/sh
# What the tests need beside Python: Chromium and its libraries, strip, curl, nginx, Caddy, slapd, Node.js with the OpenID clients
# that log in and the OpenID provider to log in with.
# Installed where that is possible, named where not.
set -eu
missing=""
installs() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
if command -v chromium-headless-shell >/dev/null 2>&1; then
  :
elif installs && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
  # The same engine in half the size, with a third less work for each page; older releases of Debian lack it.
  missing="chromium-headless-shell libatomic1 fonts-dejavu-core"
elif ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
  missing="chromium libatomic1 fonts-dejavu-core"
fi
command -v strip >/dev/null 2>&1 || missing="$missing binutils"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -x /usr/bin/caddy ] || missing="$missing caddy"
command -v slapd >/dev/null 2>&1 || [ -x /usr/sbin/slapd ] || missing="$missing slapd"
command -v ldapmodify >/dev/null 2>&1 || missing="$missing ldap-utils"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -z "$missing" ]; then
  :
elif installs; then
  echo "Installing what the tests need: $missing"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "The tests need: $missing. On Debian: sudo apt-get install --no-install-recommends $missing" >&2
  exit 1
fi
for folder in tests/oauth/clients tests/federation/upstreams; do
  if [ ! "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ]; then
    npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
    touch "$folder/node_modules/.package-lock.json"
  fi
done
