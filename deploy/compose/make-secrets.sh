#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each where it is missing: an existing one is kept.
set -eu
cd "$(dirname "$0")/../.."

random() {
    od -An -tx1 -N32 /dev/urandom | tr -d ' \n'
}

secret() {
    [ -s "secrets/$1" ] && return
    printf '%s\n' "$2" > "secrets/$1"
    # The container's user, another one than yours, reads the file; the folder keeps everybody else out.
    chmod 444 "secrets/$1"
    echo "made secrets/$1"
}

mkdir -p secrets
chmod 700 secrets
secret postgres_password "$(random)"
secret database_url "postgres://interactions:$(cat secrets/postgres_password)@postgres:5432/interactions"
secret webhook_secret "$(random)"
secret operator_token "$(random)"
secret viewer_token "$(random)"
secret grafana_password "$(random)"
