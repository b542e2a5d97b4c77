import type { StepCost } from '../../../src/engine/plan/lower/cost.ts';
import { normal } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { Costs } from '../../../src/speedup/prediction/model.ts';
import type { PlannedCount, PredictionInput } from '../../../src/speedup/prediction/predict.ts';

/** A machine whose every cost is known, in seconds, and how its barriers really grow. */
export interface TrueMachine {
  /** Of a step, and of each row in it. */
  step: number;
  row: number;
  /** Of updating all parameters with one worker. */
  update: number;
  barrier: (workers: number) => number;
  addFloat: number;
  readFloat: number;
  serial: number;
}

export const BATCH = 64;
const PARAMETERS = 100_000;
const BARRIERS = 3;
const SIZES = [4, 8, 16, 32, BATCH];

/** Of a network whose gradients are exchanged as such. */
export function costOf(ranks: number, leaves: number): StepCost {
  const busiest = Math.ceil(leaves / ranks);
  return {
    rows: (BATCH * busiest) / leaves,
    leaves: busiest,
    slicedShare: 0,
    largestSlice: 0,
    barriers: BARRIERS,
    updatedFloats: PARAMETERS / ranks,
    parameterFloats: PARAMETERS,
    addedFloats: ((ranks - 1) * PARAMETERS) / ranks,
    factorFloats: 0,
  };
}

/** What a step takes there, by the machine itself and not by the model under test. */
export function trueSeconds(machine: TrueMachine, workers: number, leaves: number): number {
  const ranks = Math.min(workers, leaves);
  const rows = (BATCH * Math.ceil(leaves / ranks)) / leaves;
  const added = ((ranks - 1) * PARAMETERS) / ranks;
  return (
    machine.step +
    machine.row * rows +
    machine.update / ranks +
    BARRIERS * machine.barrier(ranks) +
    added * machine.addFloat +
    machine.serial
  );
}

export interface TrueRun {
  machine: TrueMachine;
  leaves: number;
  asked: readonly number[];
  /** Worker counts with a core each; 1 first. */
  measured: readonly number[];
  repeats: number;
  /** Relative, of every number in every round. */
  noise: number;
  seed: number;
}

/** What would have been measured there, with normal noise. */
export function measureMachine({ machine, leaves, asked, measured, repeats, noise, seed }: TrueRun): PredictionInput {
  const stream = new RandomStream(seed, 'noise', 1);
  let drawn = 0;
  const noisy = (value: number): number => value * (1 + noise * normal(stream, drawn++));
  const counts = [...new Set([1, 2, 3, 4, 6, 8, 16, 32, 64, ...asked, ...measured])].filter((count) => count <= Math.max(...asked));
  const planned = counts
    .toSorted((a, b) => a - b)
    .map((workers): PlannedCount => {
      const ranks = Math.min(workers, leaves);
      return { workers, ranks, cost: costOf(ranks, leaves) };
    });
  const rounds = Array.from({ length: repeats }, (): Costs => {
    return {
      compute: SIZES.map((rows) => ({ rows, seconds: noisy(machine.step + machine.row * rows) })),
      update: noisy(machine.update),
      barriers: measured.map((workers) => ({ workers, seconds: noisy(machine.barrier(workers)) })),
      addFloat: machine.addFloat,
      readFloat: machine.readFloat,
      serial: noisy(machine.serial),
    };
  });
  return {
    asked,
    counts: planned,
    leaves,
    rowsPerStep: BATCH,
    rounds,
    measured: measured.map((workers) => ({
      workers,
      seconds: Array.from({ length: repeats }, () => noisy(trueSeconds(machine, workers, leaves))),
    })),
  };
}
