#!/usr/bin/env bash
# Builds the image, pushes it, and prints REPO@sha256:DIGEST, which `make deploy` takes.
# usage: build.sh REPO ENGINE    (ENGINE: podman or docker)
set -euo pipefail
cd "$(dirname "$0")/../.."
repo=$1 engine=$2

fail() { echo "$*" >&2; exit 1; }
[ -n "$repo" ] || fail "REPO is not set: make image REPO=registry.example.com/cutwater"
[ -n "$engine" ] || fail "Neither podman nor docker is on PATH (set CONTAINER=…)."

tag=$repo:$(git describe --always --dirty 2>/dev/null || date +%Y%m%d%H%M%S)
"$engine" build --file infra/image/Dockerfile --tag "$tag" . >&2
"$engine" push "$tag" >&2
"$engine" image inspect --format '{{index .RepoDigests 0}}' "$tag"
