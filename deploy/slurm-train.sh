#!/bin/bash
# One training on four machines, a rank on each: sbatch deploy/slurm-train.sh train exp.yaml
# and, after a time limit or a machine that was lost, on as many as there are: sbatch --nodes=2 deploy/slurm-train.sh resume runs/exp-...
#SBATCH --job-name=gradloom-train
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail
: "${1:?train FILE or resume DIR}"
# Open MPI; with MPICH GRADLOOM_SRUN_MPI=pmi2. In the background, so that the shell hands on the signal: all ranks save and end.
srun --mpi="${GRADLOOM_SRUN_MPI:-pmix}" --kill-on-bad-exit=1 --cpu-bind=none --cpus-per-task="${SLURM_CPUS_PER_TASK:-16}" gradloom "$@" &
trap 'kill -TERM $!' TERM
wait $!
