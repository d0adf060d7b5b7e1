#!/bin/sh
set -eu
mkdir -p "$ARTIFACTS"
git log -1 --format='%h %s' | tee "$ARTIFACTS/published.txt"
echo "published"
