#!/usr/bin/env bash
# An MLflow tracking server for a team: runs in PostgreSQL, artifacts through the server, a login for everybody.
# compose.yaml runs this file in a container, tests/faults/test_server_under_load.py runs it as it is.
#
# Every secret comes from the environment, and none of them reaches a command line, where `ps` would show it:
#   PGPASSWORD                     of the database's user; libpq reads it, so the address below holds none
#   MLFLOW_AUTH_ADMIN_PASSWORD     of MLflow's user `admin`, 12 letters or more; read at the first start only
#   MLFLOW_FLASK_SERVER_SECRET_KEY any long random text, the same for every copy of the server
# Settings:
#   MLFLOW_BACKEND_STORE_URI       postgresql+psycopg2://USER@HOST:PORT/DATABASE
#   MLFLOW_ARTIFACTS_DESTINATION   a folder, or s3://BUCKET/PREFIX with the usual AWS_* variables
#   PROBELINE_MLFLOW_HOST          who may connect; this machine only unless told otherwise
#   PROBELINE_MLFLOW_PORT, PROBELINE_MLFLOW_WORKERS
#   MLFLOW_SERVER_ALLOWED_HOSTS    names under which browsers and clients reach it, when it is not localhost
set -euo pipefail

: "${MLFLOW_BACKEND_STORE_URI:?the address of the database, without a password}"
: "${MLFLOW_ARTIFACTS_DESTINATION:?a folder or s3://bucket/prefix}"
: "${MLFLOW_FLASK_SERVER_SECRET_KEY:?any long random text}"
: "${MLFLOW_AUTH_ADMIN_PASSWORD:?a password for the user admin}"

# The logins live in the same database; MLflow takes their address from a file only.
settings=$(mktemp -d)
trap 'rm -rf "$settings"' EXIT
cat >"$settings/auth.ini" <<INI
[mlflow]
database_uri = ${MLFLOW_BACKEND_STORE_URI}
# Experiments belong to the team: who has a login may add trials to an experiment that a colleague began.
default_permission = EDIT
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
# A password's hash is made to be slow; once a minute and worker is enough.
auth_cache_ttl_seconds = 60
INI
export MLFLOW_AUTH_CONFIG_PATH="$settings/auth.ini"
export MLFLOW_DISABLE_TELEMETRY=${MLFLOW_DISABLE_TELEMETRY:-true}
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false # evaluations of language models; nothing here uses them

# Not exec: the trap must live to remove the settings. A stop goes on to the server, which ends its own workers.
mlflow server \
    --app-name basic-auth \
    --host "${PROBELINE_MLFLOW_HOST:-127.0.0.1}" \
    --port "${PROBELINE_MLFLOW_PORT:-5000}" \
    --workers "${PROBELINE_MLFLOW_WORKERS:-4}" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null' TERM INT
code=0
wait "$server" || code=$?
if kill -0 "$server" 2>/dev/null; then # a signal ended the wait, not the server
    code=0
    wait "$server" || code=$?
fi
exit "$code"
