import { batchesAt, evalBatchRows } from '../batches.ts';
import type { EnginePlan } from '../plan.ts';
import type { ProgramKey } from './program.ts';

/**
 * What a run will ask to be lowered: a step in the middle of an epoch and the last one, and evaluations of splits.
 *
 * @param splitRows  rows of the splits that may be evaluated
 */
export function programKeys(plan: EnginePlan, splitRows: readonly number[]): ProgramKey[] {
  const { batches, experiment, memory, network } = plan;
  const keys = new Map<string, ProgramKey>();
  const add = (key: ProgramKey): void => void keys.set(JSON.stringify(key), key);
  for (const step of new Set([0, batches.stepsPerEpoch - 1])) {
    let stepRow = 0;
    for (const { rows } of batchesAt(batches, step)) {
      add({ kind: rows === batches.batchRows ? 'full' : 'last', batchRows: rows, stepRow, averaged: false });
      stepRow += rows;
    }
  }
  for (const rows of splitRows) {
    if (rows === 0) continue;
    const size = evalBatchRows(experiment, network, rows);
    for (const batchRows of new Set([size, rows % size])) {
      for (const averaged of memory.averages.length > 0 ? [false, true] : [false]) {
        if (batchRows > 0) add({ kind: 'evaluate', batchRows, stepRow: 0, averaged });
      }
    }
  }
  return [...keys.values()];
}
