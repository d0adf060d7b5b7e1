#!/bin/sh
set -eu
echo "wind: light, sky: clear, launch: go"
