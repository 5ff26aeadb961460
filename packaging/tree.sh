#!/bin/sh
# Usage: packaging/tree.sh ARCHIVE FOLDER
# Makes the files that a package or a container image holds, from what `npm pack` wrote: usr/lib/boxmark and
# usr/bin/boxmark. The only dependency, what draws pictures, comes from this checkout's node_modules, as the lock file
# has it. Needs no network.
set -eu
archive=$1 folder=$2
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
modules=$here/node_modules/@napi-rs
[ -d "$modules/canvas" ] || { echo "packaging/tree.sh: $modules/canvas is missing; try: npm ci" >&2; exit 1; }

program=$folder/usr/lib/boxmark
mkdir -p "$program/node_modules" "$folder/usr/bin"
tar -xzf "$archive" -C "$program" --strip-components=1 --no-same-owner
cp -R "$modules" "$program/node_modules/"
ln -s ../lib/boxmark/dist/cli/main.js "$folder/usr/bin/boxmark"
chmod -R u=rwX,go=rX "$folder"
chmod 755 "$program/dist/cli/main.js"
