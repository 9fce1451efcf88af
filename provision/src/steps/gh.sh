#!/bin/sh
# Bowline's: `gh auth login` goes straight to the code for GitHub's page. All else is gh's own, and so are its ends.
self=$(readlink -f -- "$0")
real=$(dirname -- "$(dirname -- "$self")")/@PROGRAM@
if [ -f "$real" ]; then
    # What it writes into git's settings has to hold for its next version.
    export GH_PATH="${GH_PATH:-$0}"
else
    real=
    set -f
    IFS=:
    for folder in $PATH; do
        [ -f "$folder/gh" ] && [ -x "$folder/gh" ] || continue
        # This script, by whatever link.
        case $(readlink -f -- "$folder/gh") in */bowline/tools/gh/*) continue ;; esac
        real=$folder/gh
        break
    done
    unset IFS
    set +f
fi
if [ -z "$real" ]; then
    echo "gh: the GitHub CLI itself is not on the PATH any more: bowline setup gh" >&2
    exit 127
fi
if [ $# -eq 2 ] && [ "$1" = auth ] && [ "$2" = login ]; then
    # A browser of this machine is nobody's. The address is shown, and opened where the user is.
    export GH_BROWSER="${GH_BROWSER:-${BROWSER:-echo}}"
    set -- auth login -h "${GH_HOST:-github.com}" -p https -w
fi
exec "$real" "$@"
