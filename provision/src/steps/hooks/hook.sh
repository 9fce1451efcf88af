#!/bin/sh
# Made by Bowline: runs the repository's own hook of this name, and has `bowline sync` copy the project after a commit.
name=${0##*/}
own=$(git rev-parse --git-common-dir)/hooks/$name
case $name in
post-commit | post-merge | post-rewrite) ;;
*)
    if [ -x "$own" ]; then
        exec "$own" "$@"
    fi
    exit 0
    ;;
esac
status=0
if [ -x "$own" ]; then
    "$own" "$@" || status=$?
fi
bowline=${BOWLINE_BIN:-bowline}
if command -v "$bowline" >/dev/null 2>&1; then
    "$bowline" sync --hook </dev/null || :
fi
exit "$status"
