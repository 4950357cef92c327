#!/bin/bash
# Prepares the image, once: Gradescope runs it as root, in /autograder/source, with a network. Where
# the image has a C compiler and the archive brings the Rust toolchain, it needs no network.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/settings"
chmod -R u+rwX,go+rX "$here"
# Answers that a later lesson builds on: for the grader's eyes alone.
chmod 700 "$here"/course/lessons/*/solution
chmod 755 "$here/run_autograder" "$here/bin/grade"

if ! command -v cc >/dev/null; then # rustc links with it
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

# A first run, on what students start from, compiles what every submission needs.
"$here/run_autograder" --check ||
    echo "warning: where this image is made, it cannot grade: see above" >&2
