#!/bin/sh
# Resolves every *.in into its *.lock with the uv of requirements-test.lock: one lock for Python 3.11 to 3.13, wheels
# only, with hashes, without the name of any host. `make lock ARGS=--upgrade` takes the newest versions allowed.
set -eu
cd "$(dirname "$0")/.."

for name in setup/installer requirements requirements-test; do
    echo "$name.in -> $name.lock"
    .venv/bin/uv pip compile "$name.in" -o "$name.lock" --universal -p 3.11 --only-binary :all: \
        --generate-hashes --no-emit-index-url --no-header --quiet "$@"
    if grep -n '://' "$name.lock"; then
        echo "$name.lock names a host (above): a lock must install from anybody's index" >&2
        exit 1
    fi
done
