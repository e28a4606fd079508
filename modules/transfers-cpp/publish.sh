#!/usr/bin/env bash
# Builds this module and publishes it to the server that runs here: ./publish.sh [database]
set -euo pipefail
cd "$(dirname "$0")"
exec npm --prefix ../.. run --silent spacetime -- publish "${1:-transfers-cpp}" --module-path "$PWD" --server local --yes
