#!/bin/sh
# Made by Bowline, in front of OpenCode. Where a token is in force, a service principal beside it would be a second way to
# sign in, and then none is taken.
if [ -n "${DATABRICKS_TOKEN-}" ] || grep -qs '^[[:space:]]*token[[:space:]]*[=:]' "${DATABRICKS_CONFIG_FILE:-$HOME/.databrickscfg}"; then
    unset DATABRICKS_CLIENT_ID DATABRICKS_CLIENT_SECRET
fi
# A folder may have been deleted, or made anew.
gone=/nonexistent
[ "${PWD:-$gone}" -ef . ] || cd -- "${PWD:-$gone}" 2>/dev/null || cd -- "$HOME/projects" 2>/dev/null || cd || :
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/../node_modules/.bin/opencode" "$@"
