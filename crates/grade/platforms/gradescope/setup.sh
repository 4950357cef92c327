#!/bin/bash
# Prepares the image. Gradescope runs this script once, as root, in /autograder/source, with a
# network. The script needs no network if the image has a C compiler and the archive contains the
# Rust toolchain.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/settings"
chmod -R u+rwX,go+rX "$here"
# The lesson is built on these solutions of earlier lessons. Only the grader may read the solutions.
chmod 700 "$here"/course/lessons/*/solution
chmod 755 "$here/run_autograder" "$here/bin/grade"

if ! command -v cc >/dev/null; then # rustc calls cc to link a program
    apt-get update -q && DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends gcc libc6-dev || {
        echo "this image has no C compiler: its Debian packages are gcc and libc6-dev" >&2
        exit 1
    }
fi

mkdir -p "$here/cargo"
cat >"$here/cargo/config.toml" <<CONFIG
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "$here/vendor"

[net]
offline = true
CONFIG

if [[ -d $here/toolchain ]]; then
    find "$here"/toolchain -path '*/bin/*' -type f -exec chmod 755 {} +
else
    export RUSTUP_HOME=$here/rustup CARGO_HOME=$here/rustup/cargo
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --no-modify-path --profile minimal --default-toolchain "$RUST"
    ln -sfn "$(echo "$here"/rustup/toolchains/*)" "$here/toolchain"
fi

# Grade the starter once. This compiles everything that all submissions have in common.
"$here/run_autograder" --check ||
    echo "warning: the grader does not work on the machine that builds this image: see above" >&2
