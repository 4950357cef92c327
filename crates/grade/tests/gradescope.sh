#!/bin/bash
# Tests the Gradescope autograder in the way in which Gradescope runs it: in a container, as root.
# The test unpacks the archive, runs setup.sh, and then runs run_autograder on a right, a wrong and
# a broken submission. The container has no network. It has the programs of this machine, but not
# the other files. If this machine has cgroup v1, the container gets half a processor.
#
#   crates/grade/tests/gradescope.sh [ROOT]
#
# ROOT is a folder that contains another system with gcc and libc6-dev, e.g. an older system that
# debootstrap(8) has installed. Exit status: 0 the test passed, 1 the test failed, 2 the test could
# not run. The test needs root, unzip and 700 MB of disk.
set -euo pipefail
system=${1:-}
cd "$(dirname "$0")/../../.."
if ((EUID != 0)) || ! command -v unzip >/dev/null; then
    echo "this test needs root and the Debian package unzip" >&2
    exit 2
fi

work=$(mktemp -d)
group=/sys/fs/cgroup/cpu/gradescope.$$
stop() {
    rmdir "$group" "${group/cpu/memory}" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

cargo xtask gradescope-zip --lesson w03-l02 --out "$work/autograder.zip"
place=$work/autograder
mkdir -p "$place"/{source,submission,results} "$work/root"
unzip -q "$work/autograder.zip" -d "$place/source"
cp "$place/source/run_autograder" "$place/"
if [[ -n $(ls "$place/source/course/lessons/w03-l02-poll-tracker/solution") ]]; then
    echo "the archive contains the solution" >&2
    exit 1
fi

# Limit the container to half a processor and 768 MB, like Gradescope's smallest container.
if mkdir "$group" "${group/cpu/memory}" 2>/dev/null && [[ -e $group/cpu.cfs_quota_us ]]; then
    echo 50000 >"$group/cpu.cfs_quota_us"
    echo $((768 << 20)) >"${group/cpu/memory}/memory.limit_in_bytes"
    join="echo \$\$ >$group/cgroup.procs; echo \$\$ >${group/cpu/memory}/cgroup.procs"
else
    echo "there is no cgroup v1 here: the test runs with all processors" >&2
    join=true
fi

# Runs a command in the container. The container uses pivot_root(2), because a process in a
# chroot(2) cannot create user namespaces (user_namespaces(7)).
inside() {
    env -i bash -c "$join; exec unshare --net --mount --pid --fork --kill-child bash -c '
        set -e
        system=\$0 root=\$1 place=\$2; shift 2
        ip link set lo up 2>/dev/null || ifconfig lo up
        mount -t tmpfs tmpfs \"\$root\"; cd \"\$root\"
        mkdir -p autograder dev etc proc root sys tmp old usr; chmod 1777 tmp
        for name in bin lib lib32 lib64 sbin; do
            [[ -L \$system/\$name ]] && cp -P \"\$system/\$name\" .
            [[ -d \$system/\$name && ! -L \$system/\$name ]] && mkdir \$name &&
                mount --bind \"\$system/\$name\" \$name
        done
        for name in usr etc; do mount --bind \"\$system/\$name\" \$name; done
        mount --rbind /dev dev; mount --rbind /sys sys; mount -t proc proc proc
        mount --bind \"\$place\" autograder
        pivot_root . old; umount -l old
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \"\$@\"
    ' \"\$@\"" - "${system:-/}" "$work/root" "$place" "$@"
}

# Grades the sources in a folder, and compares the score with the expected score.
graded() {
    local name=$1 sources=$2 expected=$3 score
    rm -rf "${place:?}"/{submission,results}/*
    cp -r "$sources" "$place/submission/src"
    inside /autograder/run_autograder
    score=$(sed -n 's/^  "score": \(.*\),$/\1/p' "$place/results/results.json")
    echo "$name: $score of 10"
    [[ $score == "$expected" ]] || {
        grep '"output"' "$place/results/results.json" >&2
        exit 1
    }
}

inside bash /autograder/source/setup.sh
lesson=lessons/w03-l02-poll-tracker
cp -r $lesson/src "$work/right"
cp -r $lesson/src "$work/broken"
cp -r $lesson "$work/wrong"
for file in "$lesson"/solution/*.rs; do cp "$file" "$work/right"; done
echo 'fn broken(' >>"$work/broken/table.rs"
patch --silent --strip=1 --directory="$work/wrong" <"$lesson/mistakes/forgot-close.patch"
for file in "$work"/wrong/solution/*.rs; do cp "$file" "$work/wrong/src"; done
graded right "$work/right" 10.0
graded wrong "$work/wrong/src" 9.0
graded broken "$work/broken" 0.0
