#!/usr/bin/env bash
# Makes the virtual environment DIR with exactly what requirements.lock names. Needs Python 3.11 or newer and a package index.
# usage: setup.sh DIR
set -euo pipefail
venv=$1; python=${PYTHON:-python3}
# The machine's own certificates, as pip and curl use them: an organisation's proxy may have one.
export UV_SYSTEM_CERTS=1

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "cutwater needs Python 3.11 or newer; $("$python" --version) is what '$python' starts (set PYTHON=...)." >&2; exit 1; }

find_uv() {
  command -v uv && return
  [ -x "$venv/bin/uv" ] && echo "$venv/bin/uv" && return
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$venv.uv" >&2
  elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$venv.uv" >&2
    "$python" -m pip --quiet --python "$venv.uv/bin/python" install uv >&2
  else
    echo "Neither uv, pip nor ensurepip is here: install one (Debian: apt-get install python3-venv)." >&2; return 1
  fi
  [ -x "$venv.uv/bin/uv" ] || "$venv.uv/bin/python" -m pip --quiet --disable-pip-version-check install uv >&2
  echo "$venv.uv/bin/uv"
}

say "1/3 uv"
uv=$(find_uv)
say "2/3 a virtual environment in $venv"
[ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$(command -v "$python")" "$venv"
say "3/3 the packages of requirements.lock"
"$uv" pip sync --quiet --require-hashes --python "$venv/bin/python" requirements.lock
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
[ "$uv" = "$venv.uv/bin/uv" ] && cp "$uv" "$venv/bin/uv" && rm -rf "$venv.uv"
touch "$venv/.ready"
