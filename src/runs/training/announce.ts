import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset, SplitName } from '../../data/dataset.ts';
import type { CodeUse } from '../../engine/coordinator/native.ts';
import type { Team } from '../../engine/team/team.ts';
import { parameterCount } from '../../model/network.ts';
import type { RunStart, RunWarning } from '../events.ts';
import type { Prepared } from '../prepare/prepare.ts';

/** What a run is about to do. */
export function runStart(
  experiment: Experiment,
  { dataset, plan, cores, code }: Prepared,
  { id, directory, from }: { id: string; directory: string | null; from: number },
): RunStart {
  const { network, batches, workers } = plan;
  return {
    type: 'start',
    id,
    name: experiment.name,
    directory: directory ?? undefined,
    dataset: dataset.description,
    rows: rowsOf(dataset),
    parameters: parameterCount(network),
    workers,
    code: code.name,
    codeReason: code.reason,
    cores: cores.usable,
    batchRows: batches.batchRows,
    stepsPerEpoch: batches.stepsPerEpoch,
    totalSteps: batches.totalSteps,
    watched: watchedMetric(experiment),
    from,
  };
}

/** What this machine makes slower than it could be. */
export function machineWarnings({ plan: { workers, experiment }, cores: { usable } }: Prepared, team?: Team): RunWarning[] {
  const warnings: RunWarning[] = (team?.notices ?? []).map((message) => ({ type: 'warning', code: 'W_RANK', message }));
  if (workers > usable) {
    const message = `${workers} workers on ${usable} usable cores: slower, with the same result`;
    warnings.push({ type: 'warning', code: 'W_OVERSUBSCRIBED', message });
  }
  if (experiment.parallel.reduce === 'fast') {
    const message = 'parallel.reduce is fast: with several ranks the bits depend on how many they are, and on their library of MPI';
    warnings.push({ type: 'warning', code: 'W_REDUCE_FAST', message });
  }
  return warnings;
}

/** Of machine code that was found to be wrong: what computes in its place gives the bits that were asked for. */
export function codeWarnings({ distrusted }: CodeUse): RunWarning[] {
  return distrusted.map((key) => {
    const message = `machine code for ${key} computes other bits than its kernel on this processor; WebAssembly computes it`;
    return { type: 'warning', code: 'W_NATIVE_CODE', message };
  });
}

function watchedMetric({ train, schedule }: Experiment): string | undefined {
  const plateau = schedule.type === 'plateau' ? schedule.metric : undefined;
  return train.early_stop?.metric ?? train.checkpoint.best?.metric ?? plateau;
}

function rowsOf(dataset: Dataset): Record<SplitName, number> {
  const { train, val, test } = dataset.splits;
  return { train: train.length, val: val.length, test: test.length };
}
