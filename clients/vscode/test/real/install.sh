#!/usr/bin/env bash
# Sets up a real VS Code, and what drives it, without touching anything outside one folder.
#
#   install.sh [DIR]        DIR is build/vscode-test in the repository unless given
#
# VS Code comes as code-server: the same workbench and extension host, as an npm package, shown by a browser.
# When all is there already, nothing is done. What is half there is installed anew.
set -euo pipefail

CODE_SERVER=4.100.3 # VS Code 1.100.3, the newest whose server runs on Node 20
PLAYWRIGHT=1.65.1
NODE_MAJOR=20

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd)
folder=${1:-$repository/build/vscode-test}

missing() {
    echo "The tests in a real VS Code need $1." >&2
    exit 1
}

for need in "node:nodejs" "npm:npm" "g++:g++" "make:make" "python3:python3"; do
    command -v "${need%%:*}" >/dev/null || missing "${need%%:*}. On Debian and Ubuntu: apt install ${need#*:}"
done
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing "chromium. On Debian: apt install chromium"

node=$(node -p process.versions.node)
[ "${node%%.*}" = "$NODE_MAJOR" ] || missing "Node $NODE_MAJOR, for which code-server $CODE_SERVER is made; node here is $node"

# The stamp names all that the installation depends on: the modules are compiled for one version of Node.
wanted="code-server $CODE_SERVER, playwright-core $PLAYWRIGHT, node $node"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
stamp=$folder/installed
server=$folder/node_modules/code-server
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -f "$server/out/node/entry.js" ] &&
    [ -f "$folder/node_modules/playwright-core/package.json" ]; then
    exit 0
fi

# Two things of Node itself: the headers beside it, and the compiler's driver that comes with npm.
prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
[ -f "$prefix/include/node/node_version.h" ] ||
    missing "the headers of Node $node, which are not in $prefix/include/node. Packages from nodejs.org and NodeSource bring them along; for Debian's own nodejs: apt install libnode-dev"
compiler=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")/node_modules/node-gyp/bin/node-gyp.js
[ -f "$compiler" ] || compiler=$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js
[ -f "$compiler" ] || compiler=$(command -v node-gyp || true)
[ -n "$compiler" ] || missing "node-gyp, which most packages of npm bring along. On Debian and Ubuntu: apt install node-gyp"

echo "Installing VS Code for the tests into $folder; this takes a minute or two" >&2
rm -rf "$stamp" "$folder/node_modules" "$folder/package.json" "$folder/package-lock.json"
cd "$folder"
echo '{"private": true}' >package.json

# No package's own script is run: one downloads a program, another wants Kerberos.
# The server then has two more trees, which its script would have installed.
install() { npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >&2; }
install --save-exact "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"
(cd "$server/lib/vscode" && install --omit=dev)
(cd "$server/lib/vscode/extensions" && install --omit=dev)

# Of the modules in C++ only those that the server loads are compiled.
compile() {
    local module=$1
    shift
    (cd "$module" && node "$compiler" rebuild --nodedir="$prefix" "$@") >"$folder/compile-$(basename "$module").log" 2>&1 || {
        tail -20 "$folder/compile-$(basename "$module").log" >&2
        echo "$module does not compile; the whole account is in $folder/compile-$(basename "$module").log" >&2
        return 1
    }
}
jobs=()
for module in @vscode/spdlog native-watchdog node-pty @parcel/watcher; do
    compile "$server/lib/vscode/node_modules/$module" &
    jobs+=($!)
done
for argon2 in "$server/node_modules/argon2" "$folder/node_modules/argon2"; do
    # Newer ones bring their binary; an older one has to be told where to put it.
    if [ -d "$argon2" ] && [ ! -d "$argon2/prebuilds" ]; then
        binary=$argon2/lib/binding/napi-v3
        compile "$argon2" --module_name=argon2 --module_path="$binary" --module="$binary/argon2.node" &
        jobs+=($!)
    fi
done
for job in "${jobs[@]}"; do wait "$job"; done

# Links that the server's script would have made; and Debian's ripgrep, if it is there, for the search over files.
cd "$server/lib/vscode"
ln -sfn node_modules node_modules.asar
ln -sfn code-linux.sh bin/remote-cli/code-server
ln -sfn browser-linux.sh bin/helpers/browser.sh
if ripgrep=$(command -v rg); then
    mkdir -p node_modules/@vscode/ripgrep/bin
    ln -sfn "$ripgrep" node_modules/@vscode/ripgrep/bin/rg
fi

# It writes a configuration at its first start, hence a home of its own.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home XDG_CONFIG_HOME=$home node "$server/out/node/entry.js" --version >&2
echo "$wanted" >"$stamp"
