#!/bin/sh
# Brings .venv to the tier $1 (main or test). When it is there already, this takes a tenth of a second and installs
# nothing; a $PYTHON that is set is always asked, because it may be another one.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ] && [ -x .venv/bin/python ] && .venv/bin/python -I -S setup/environment.py check "$1" 2>/dev/null
then
    exit 0
fi
python=$(sh setup/python.sh)
exec "$python" -I setup/environment.py make "$1"
