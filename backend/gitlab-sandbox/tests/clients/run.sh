#!/usr/bin/env bash
# Runs the unmodified clients against a fresh sandbox. What they need is kept in a cache folder and fetched once.
# Ends with "N passed, N failed"; exit status 1 if anything failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${APPROVAL_CACHE:-$HOME/.cache/approval-app}/clients
mkdir -p "$cache"

# Installs into $cache/$1 by the command that follows, unless it was done for the same files ($2, $3).
once() {
  local folder=$cache/$1 stamp
  stamp=$(cat "$2" "$3" | sha256sum)
  shift 3
  if [[ $(cat "$folder/.done" 2>/dev/null) != "$stamp" ]]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    "$@" "$folder" >&2
    echo "$stamp" >"$folder/.done"
  fi
}
install_python() {
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}
install_node() {
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$1"
  (cd "$1" && npm ci --silent --ignore-scripts)
}
once python "$here/requirements.txt" /dev/null install_python
once node "$here/package.json" "$here/package-lock.json" install_node

work=$(mktemp -d)
cd "$here"
# For the whole workspace, as the tests are built: with other packages, cargo would choose other features and
# compile everything once more.
cargo build --quiet --workspace --example serve
"${CARGO_TARGET_DIR:-$here/../../../../target}/debug/examples/serve" --port 0 --token glpat-clients >"$work/url" &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || true; wait "$sandbox" 2>/dev/null || true; rm -rf "$work"' EXIT
until [[ -s $work/url ]]; do
  kill -0 "$sandbox" || { echo "the sandbox did not start" >&2; exit 1; }
  sleep 0.1
done
url=$(head -n 1 "$work/url")

passed=0
failed=0
# Runs one client and adds its last line to the sum; a client that breaks off counts as one failure.
run() {
  local name=$1 last
  shift
  "$@" "$url" glpat-clients | tee "$work/$name" || true
  last=$(tail -n 1 "$work/$name")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    echo "FAIL $name: broke off"
    failed=$((failed + 1))
  fi
}
run python "$cache/python/bin/python" "$here/clients.py"
run node env NODE_MODULES="$cache/node" node "$here/clients.mjs"

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
