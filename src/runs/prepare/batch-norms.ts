import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError } from '../../errors.ts';
import { GraphIndex } from '../../graph/graph.ts';

interface NormedLayer {
  index: number;
  /** Parts of a batch that are normalised each by itself: 1 with scope `batch`. */
  groups: number;
}

/**
 * Refuses batch norm over a single row: its variance is 0, so nothing below the norm learns from it, and the running variance loses a
 * part of its value. Of a run that is new only, so that those of older versions can still be gone on with.
 *
 * @throws GradloomError E_CONFIG_RANGE, E_DATA_SPLIT where the number of training rows decides
 */
export function checkBatchNorms(plan: EnginePlan): void {
  const { batchRows, lastRows } = plan.batches;
  for (const { index, groups } of normedLayers(plan)) {
    const where = 'train.batch_size';
    const norm = `the batch_norm of layers.${index}`;
    if (batchRows < 2 * groups) {
      const found = groups === 1 ? `one row` : `${batchRows} rows in ${groups} leaves, some of one row`;
      const message = `${norm} can not normalise ${found}; got batches of ${batchRows}; expected at least ${2 * groups} rows`;
      const leaves = groups === 1 ? '' : ', fewer numerics.leaves, or scope: batch';
      throw new GradloomError({ code: 'E_CONFIG_RANGE', where, message, next: `give a larger batch_size${leaves}` });
    }
    if (lastRows === 1 && hasLast(plan)) {
      const message = `${norm} can not normalise one row, and the last batch of an epoch has one: ${plan.batches.trainRows} rows in batches of ${batchRows}`;
      throw new GradloomError({ code: 'E_DATA_SPLIT', where, message, next: 'set data.drop_last: true, or another train.batch_size' });
    }
  }
}

/** What is lost to batch norm with scope `leaf` where the last batch of an epoch is short, in sentences for the user. */
export function batchNormNotices(plan: EnginePlan): string[] {
  const { lastRows } = plan.batches;
  if (!hasLast(plan)) return [];
  return normedLayers(plan)
    .filter(({ groups }) => groups > 1 && lastRows < 2 * groups)
    .map(
      ({ index, groups }) =>
        `the last batch of an epoch has ${lastRows} ${lastRows === 1 ? 'row' : 'rows'} for ${groups} leaves: nothing below the batch_norm of layers.${index} learns from a leaf of one row; data.drop_last: true leaves that batch out`,
    );
}

/** Those that a single row gives a single value of each unit; a picture of several pixels has a variance by itself. */
function normedLayers({ experiment, network }: EnginePlan): NormedLayer[] {
  const { widthOf } = new GraphIndex(network.graph);
  return network.graph.ops.flatMap((op) =>
    op.type === 'batch_norm' && widthOf(op.x) === op.units
      ? [{ index: op.layer, groups: op.scope === 'leaf' ? experiment.numerics.leaves : 1 }]
      : [],
  );
}

/** Whether the training comes to a last batch that is shorter than the others. */
function hasLast({ batches: { batchRows, lastRows, totalSteps, stepsPerEpoch } }: EnginePlan): boolean {
  return lastRows < batchRows && totalSteps >= stepsPerEpoch;
}
