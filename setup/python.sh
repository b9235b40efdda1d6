#!/bin/sh
# Which Python fits the course?
#
# Prints the path of the first one found that has version 3.11 to 3.13 and can make environments, or says on standard
# error what each candidate lacks. Every candidate is run: a name on the PATH proves little (pyenv's shims are there
# for versions that are not). $PYTHON, when set, is the only candidate.
set -u

trial='
import sys
found = "%d.%d" % sys.version_info[:2]
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("is Python " + found)
try:
    import ensurepip, venv
except ImportError as missing:
    sys.exit("lacks %s (on Debian: apt install python%s-venv)" % (missing.name, found))
'
said=
newline='
'

try() { # is $1 a Python that fits? remembers why not
    why=$("$1" -I -c "$trial" 2>&1) && return 0
    why=$(printf '%s\n' "$why" | sed '/^$/d' | head -n 1)
    case $said in *"    $1: "*) ;; *) said="$said    $1: ${why:-does not run}$newline" ;; esac
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    found=$(command -v "$PYTHON") || found=$PYTHON
    try "$found" && printf '%s\n' "$found" && exit 0
else
    for name in python3 python3.13 python3.12 python3.11; do
        rest="${PATH:-}:/usr/local/bin:/usr/bin:"
        while [ -n "$rest" ]; do
            folder=${rest%%:*}
            rest=${rest#*:}
            [ -x "${folder:-.}/$name" ] || continue
            try "${folder:-.}/$name" && printf '%s\n' "${folder:-.}/$name" && exit 0
        done
    done
fi

{
    echo "The course needs Python 3.11, 3.12 or 3.13 with venv, and none was found."
    [ -z "$said" ] || printf 'Looked at:\n%s' "$said"
    echo "On Debian or Ubuntu: apt install python3 python3-venv"
    echo "If you have one elsewhere: make PYTHON=/path/to/python3.12"
} >&2
exit 1
