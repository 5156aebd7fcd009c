#!/usr/bin/env bash
# A sweep as a Slurm job array: sbatch --array=1-20 examples/cluster/slurm.sh grid.yaml
# Each task has a ledger of its own. A task that is requeued goes on with it: --resume on a new ledger begins one.
#SBATCH --job-name=gpv-sweep
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@60
set -euo pipefail
grid=${1:?expected a grid file}
folder=${LEDGERS:-ledgers}
count=${SHARDS:-${SLURM_ARRAY_TASK_COUNT:?set SHARDS, or run as a job array}}
mkdir -p "$folder"
# GPV is how this machine starts the program: gpv, npx gradient-penalty-verifier, node bin/gpv.js …
exec ${GPV:-npx gradient-penalty-verifier} sweep --grid "$grid" --engine cpu --resume \
  --shard "$SLURM_ARRAY_TASK_ID/$count" --ledger "$folder/shard-$SLURM_ARRAY_TASK_ID.sqlite"
