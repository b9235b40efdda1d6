#!/bin/sh
# pytest ended with code $1 for the tier $2. Code 5 means that it found no test: a tier that is still empty is not a
# failure, but it says so, because silence would look like success.
if [ "$1" -eq 5 ]; then
    echo "$2: no test has this tier yet"
    exit 0
fi
exit "$1"
