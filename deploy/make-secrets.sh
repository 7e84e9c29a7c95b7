#!/bin/sh
# Make the secrets that compose.yaml mounts, once. What exists stays as it is.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
[ -e secrets/secret_key ] || random > secrets/secret_key
[ -e secrets/database_password ] || random > secrets/database_password
[ -e secrets/database_url ] || printf 'postgresql://latchkey:%s@postgresql/latchkey' "$(cat secrets/database_password)" > secrets/database_url
# The programs in the containers run as other users; the folder keeps others on this machine out.
chmod 644 secrets/*
