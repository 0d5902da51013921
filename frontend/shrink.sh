#!/bin/sh
# The last step of a release build, run by trunk (Trunk.toml): makes the module and its script smaller than wasm-bindgen
# and trunk leave them, 16 KB of the first load.
#
# - wasm-opt runs here and not in trunk, since it has to put the code into its final form after the names are cut: trunk
#   can only append passes to a fixed list.
# - wasm-bindgen names each import with its function and a hash, which cannot be packed, in the module and in the script.
#   wasm-opt gives them names of one or two letters and prints them; the script has to follow.
# - trunk's minifier gives up on the script (it does not know `export { … as default }`): comments and indentation go
#   here, and so do the classes of wasm-streams, which come with Leptos and which nobody makes, and the ways to start that
#   are for old browsers, other servers and callers of other kinds.
# - Nobody asks for what trunk's own script puts into the window.
set -eu
[ "$TRUNK_PROFILE" = release ] || exit 0

cd "$TRUNK_STAGING_DIR"
module=$(echo frontend-*_bg.wasm)
names=$(mktemp)
trap 'rm -f "$names"' EXIT

# The lowest KiB of the memory is unused: it is the last of the stack. Functions with one caller stay functions unless they
# are small, since many are made alike and pack well.
wasm-opt "$module" --output "$module" \
    --enable-bulk-memory --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int \
    --enable-reference-types --enable-sign-ext \
    -Os --converge --one-caller-inline-max-function-size 30 --low-memory-unused --strip-producers --strip-target-features \
    --minify-imports-and-exports-and-modules --generate-stack-ir --optimize-stack-ir >"$names"

# wasm-opt 108 exports the first table, which holds functions, under the name of the second, which holds references.
TABLE=$(sed -n 's/^__wbindgen_externrefs => //p' "$names")
[ -n "$TABLE" ] || { echo "The module exports no table of references." >&2; exit 1; }
export TABLE
perl -0777 -pi -e '
    my $export = pack("C/a*", $ENV{TABLE}) . "\x01";
    s/\Q$export\E\K[\x00\x01]/\x01/ or die "The module does not export the table of references\n";
' "$module"

START='let wasm;
async function start({ module_or_path }) {
wasm = (await WebAssembly.instantiateStreaming(fetch(module_or_path), __wbg_get_imports())).instance.exports;
wasm.__wbindgen_start();
}
export { start as default };
' NAMES=$names perl -0777 -pi -e '
    s/^export class IntoUnderlying.*?^\}\nif .*?\n//gsm;
    s/^const IntoUnderlying.*?;\n//gsm;
    s/^let wasmModule, wasmInstance, wasm;.*\z/$ENV{START}/ms;
    s/^if \(!\(.encodeInto. in .*?^\}\n//ms;
    s{^ */\*\*.*?\*/\n}{}gsm; s{^ *//.*\n}{}gm; s/^ +//gm; s/\n+/\n/g;
    open my $file, "<", $ENV{NAMES} or die "$ENV{NAMES}: $!\n";
    my %short = map { /^(\S+) => (\S+)$/ ? ($1, $2) : () } split /\n/, <$file>;
    s/^(\w+)(?=: function|: \()/$short{$1} || $1/gem;
    s/\bwasm\.\K(\w+)/$short{$1} || die "The module does not export $1\n"/ge;
    s/"\.\/frontend_bg\.js":/a:/ or die "The script does not import its module\n";
    die "The module does not import $1\n" if /^(__wb\w+):/m;
' frontend-*.js

# The server lets browsers keep a file for as long as it has this name; trunk gave it before anything was made smaller.
old=${module#frontend-}
old=${old%_bg.wasm}
new=$(cat frontend-*.js "$module" | sha256sum | cut -c 1-16)
mv "frontend-$old.js" "frontend-$new.js"
mv "$module" "frontend-${new}_bg.wasm"
OLD=$old NEW=$new perl -0777 -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/g; s/init, \* as bindings/init/; s/const wasm = (await init\(.*?\);).*?(?=<\/script>)/$1/s' index.html
