#!/bin/sh
# Puts bowline together from the pieces that pack.sh made, and becomes it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# The app's own folder may be the home of its shells, and may lie on a disk that is made anew.
bin=${TMPDIR:-/tmp}/bowline-$(id -u)
rm -rf "$bin"
mkdir -m 700 "$bin"
cat "$here"/bowline.gz.* | gzip -dc > "$bin/bowline"
chmod 700 "$bin/bowline"
exec "$bin/bowline" "$@"
