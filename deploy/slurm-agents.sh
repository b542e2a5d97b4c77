#!/bin/bash
# Eight agents as an array of jobs: GRADLOOM_QUEUE=rediss://user:password@queue:6379 sbatch deploy/slurm-agents.sh
# They end by themselves when the queue has had nothing for five minutes; at the time limit they save and give back what they train.
#SBATCH --job-name=gradloom-agent
#SBATCH --array=1-8
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail
: "${GRADLOOM_QUEUE:?the URL of the queue}"
STORE=${GRADLOOM_STORE:-file:$HOME/gradloom-store}
# In the background, so that the shell hands on the signal.
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" gradloom agent --store "$STORE" --cores "$SLURM_CPUS_PER_TASK" --max-idle 5m &
agent=$!
trap 'kill -TERM "$agent"' TERM
code=0
wait "$agent" || code=$?
# The signal ends the wait, not the agent, which saves what it trains.
while kill -0 "$agent" 2>/dev/null; do
  code=0
  wait "$agent" || code=$?
done
exit "$code"
