"""A Slurm of two nodes that are both this machine: the two commands that a job's script calls, nothing else of Slurm.

`srun` runs its command once for every task, as a step; `scontrol` names the nodes and notes what is queued again.
"""

from pathlib import Path

SRUN = """#!/usr/bin/env bash
tasks=1
while [[ ${1:-} == --* ]]; do
    case $1 in --ntasks=*) tasks=${1#*=} ;; esac
    shift
done
if [[ $1 == hostname ]]; then echo "::1 127.0.0.1"; exit; fi
steps=()
trap 'kill "${steps[@]}" 2>/dev/null' TERM
for ((task = 0; task < tasks; task++)); do "$@" & steps+=($!); done
wait
wait
"""

SCONTROL = """#!/usr/bin/env bash
case $1 in
    show) printf 'node1\\nnode2\\n' ;;
    requeue) echo "$2" >>"$SLURM_REQUEUED" ;;
esac
"""


def install(folder: Path) -> dict[str, str]:
    """Writes the commands into `folder`; what a job's environment says beside PATH."""
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_REQUEUED": str(folder / "requeued"), "SLURM_CPUS_PER_TASK": "1"}
