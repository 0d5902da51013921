# shellcheck shell=bash
# What every script in .ci/ shares; sourced, never run. It settles where things are (root, cache, target
# directory, PATH) so that no script relies on the directory or the shell profile it was started from.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1

# The app refuses to start when it finds an APPROVAL_* variable that it does not know, so the cache's variable
# must not reach it: children get the answer under another name.
CACHE=${APPROVAL_CACHE:-${TOOLING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/approval-app}}
unset APPROVAL_CACHE
export TOOLING_CACHE=$CACHE

TOOLS=$CACHE/tools
VENV=$CACHE/venv
# ~/.cargo/bin last: a shell that was open when rustup was installed does not have it yet.
export PATH="$TOOLS/bin:$VENV/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

# Absolute, because steps change directories.
case ${CARGO_TARGET_DIR:-} in
    '' | /*) ;;
    *) CARGO_TARGET_DIR=$ROOT/$CARGO_TARGET_DIR ;;
esac
# Where `make build` leaves the program: where people look for it.
# shellcheck disable=SC2034 # used by those who source this
BUILT=${BUILT:-${CARGO_TARGET_DIR:-$ROOT/target}}
# Everything else is outside of the working copy, where the next clean copy finds all libraries compiled.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target} BUILT
TARGET=$CARGO_TARGET_DIR

# Cargo tells by the times of files whether a crate has changed, and takes a crate of another working copy for the same:
# what was compiled from there must not pass for this one's.
claim_target() {
    local owner=$TARGET/working-copy
    if [ "$(cat "$owner" 2>/dev/null)" = "$ROOT" ]; then return; fi
    mkdir -p "$TARGET"
    rm -rf "$TARGET"/{*,*/*,*/*/*}/.fingerprint/{approval-app,frontend,gitlab-sandbox,shared}-*
    printf '%s\n' "$ROOT" >"$owner"
}
claim_target

# shellcheck disable=SC2034
WASM_TARGET=wasm32-unknown-unknown

# Written by `.ci/setup rust` when the default toolchain is too old, and by `.ci/setup wasm` when the target has
# to be built with Debian's compiler.
TOOLCHAIN_ENV=$CACHE/toolchain.env
WASM_ENV=$CACHE/wasm.env
# shellcheck source=/dev/null
if [ -r "$TOOLCHAIN_ENV" ]; then . "$TOOLCHAIN_ENV"; fi

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf '\nerror: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least 1.95 1.96.0 → true
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# The first version number a command prints; empty when it is missing or broken.
version_of() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1 || true; }

# The version Cargo.lock holds of a crate.
locked() { awk -v name="\"$1\"" '$1 == "name" { hit = ($3 == name) } hit && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

# Runs a command with what compiling for the browser needs. Nothing, where rustup has the target.
with_wasm() (
    # shellcheck source=/dev/null
    if [ -r "$WASM_ENV" ]; then . "$WASM_ENV"; fi
    "$@"
)

# Where the source of the standard library is, of the compiler that compiles for the browser; fails where it is missing.
std_source() {
    local library
    library=$(with_wasm rustc --print sysroot)/lib/rustlib/src/rust/library
    [ -e "$library/Cargo.lock" ] && printf '%s\n' "$library"
}

# What a developer's shell says about a running Approval App must not change what the tests see.
clean_environment() {
    local name
    for name in $(compgen -e); do
        case $name in
            APPROVAL_* | GITLAB_URL | GITLAB_TOKEN | DATABASE_URL | PORT | OTEL_* | RUST_LOG) unset "$name" ;;
        esac
    done
}
