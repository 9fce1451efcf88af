#!/bin/sh
# Makes the folder of an app: sh pack.sh target/release/bowline FOLDER. The platform takes no file above 10 MB, so the
# program goes there packed and in pieces.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
rm -f "$2"/bowline.gz.*
cp "$here/app.yaml" "$here/start.sh" "$2"
gzip -c "$1" | split -b 8000000 - "$2/bowline.gz."
