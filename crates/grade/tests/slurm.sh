#!/bin/bash
# Grades a small class with the Slurm scripts, on a cluster that consists only of this machine, and
# compares the results with the results of a run without Slurm. The test starts its own cluster. At
# the end, the test removes the folder, the key and the processes of this cluster.
#
#   crates/grade/tests/slurm.sh [PARTS]
#
# Exit status: 0 the results are the same, 1 the results differ, 2 the test could not run.
set -euo pipefail
parts=${1:-4}
root=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$root"

missing=()
command -v slurmctld >/dev/null || missing+=(slurmctld)
command -v slurmd >/dev/null || missing+=(slurmd)
command -v sbatch >/dev/null || missing+=(slurm-client)
command -v munged >/dev/null || missing+=(munge)
if ((${#missing[@]})); then
    echo "these Debian packages are missing: ${missing[*]}" >&2
    exit 2
fi

# munged requires a folder that every user can search (mode x).
work=$(mktemp -d /tmp/slurm.XXXXXX)
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf
servers=()

stop() {
    if [[ -S $work/munge.socket ]]; then
        scancel --user="$(id -un)" --signal=KILL --full 2>/dev/null
        scancel --user="$(id -un)" 2>/dev/null
        wait_for 30 no_jobs || true
    fi
    for ((i = ${#servers[@]} - 1; i >= 0; i--)); do
        kill "${servers[i]}" 2>/dev/null && wait "${servers[i]}" 2>/dev/null
    done
    rm -rf "$work"
}
trap 'stop || true' EXIT

# Waits until a command succeeds, for at most the given number of seconds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
no_jobs() { [[ -z $(squeue --noheader) ]]; }
node_is_idle() { [[ $(sinfo --noheader --format=%t) == idle ]]; }

give_up() {
    echo "$1" >&2
    tail -n 5 "$work"/*.log >&2
    exit 2
}

# The first port, from the given port on, that no process uses.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
controller_port=$(free_port $((20000 + RANDOM % 10000)))
node_port=$(free_port $((controller_port + 1)))

mkdir -m 755 "$work"/{state,spool}
(umask 077 && head -c 1024 /dev/urandom >"$work/munge.key")
node=$(hostname -s)
memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
cat >"$SLURM_CONF" <<CONFIG
ClusterName=grading
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
MailProg=/bin/true
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
CONFIG

munged --foreground --key-file="$work/munge.key" --socket="$work/munge.socket" \
    --pid-file="$work/munge.pid" --log-file="$work/munged.log" --seed-file="$work/munge.seed" \
    2>>"$work/munged.log" &
servers+=($!)
wait_for 30 test -S "$work/munge.socket" || give_up "munged does not start"
slurmctld -D -c -f "$SLURM_CONF" >"$work/slurmctld.log" 2>&1 &
servers+=($!)
slurmd -D -N "$node" -f "$SLURM_CONF" >"$work/slurmd.log" 2>&1 &
servers+=($!)
wait_for 60 node_is_idle || give_up "the cluster of one node does not come up"

# A class with two submissions of each kind: right, starter, and empty.
lesson=lessons/w03-l02-poll-tracker
for student in ada bob; do
    mkdir -p "$work/class/$student-right/src" "$work/class/$student-starter/src"
    cp "$lesson"/src/*.rs "$work/class/$student-starter/src"
    cp "$lesson"/src/*.rs "$work/class/$student-right/src"
    cp "$lesson"/solution/*.rs "$work/class/$student-right/src"
    mkdir "$work/class/$student-nothing"
    echo "// $student" | tee -a "$work/class/$student"-{right,starter}/src/table.rs >/dev/null
done

merge=$(crates/grade/platforms/slurm/submit "$parts" "$work/class" "$work/grades" --lesson w03-l02)
echo "submitted: $parts parts, and job $merge to join them"
wait_for 600 no_jobs || give_up "the jobs do not end"
cat "$work/grades/slurm-merge.txt"
cargo xtask grade "$work/class" --lesson w03-l02 --out "$work/unsharded" >/dev/null

# The rows of a grades.csv without the columns that contain times.
without_times() {
    "${PYTHON:-python3}" - "$1" <<'READ'
import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="")):
    print({key: value for key, value in row.items() if "seconds" not in key})
READ
}
if diff <(without_times "$work/unsharded/grades.csv") <(without_times "$work/grades/all/grades.csv"); then
    echo "the same grades as without Slurm"
else
    exit 1
fi
