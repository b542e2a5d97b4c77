import type { Dataset } from '../../data/dataset.ts';
import { Engine, type EngineOptions } from '../../engine/coordinator/engine.ts';
import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import { SEGMENT_STEPS } from '../../engine/plan/memory.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError } from '../../errors.ts';
import type { InitialState } from '../../model/initializers.ts';
import { modelDigest } from '../../runs/files/model-file.ts';
import type { RowKind } from '../events.ts';
import type { Repetition, Runner } from './measured.ts';
import { disturbanceOf, readCounters } from './noise.ts';
import { Sequential } from './sequential.ts';

/** Barriers in a row, for the time of one, and how often: a burst that others held up tells nothing. */
const BARRIERS = 200;
const BURSTS = 5;

/** A row's program, ready to repeat its work from the same start. */
export class RowRunner {
  readonly runner: Runner;
  readonly #engine: Engine | undefined;
  readonly #start: TrainingState;

  private constructor(runner: Runner) {
    this.runner = runner;
    this.#engine = runner instanceof Engine ? runner : undefined;
    this.#start = runner.shared.snapshot();
  }

  static async start(
    plan: EnginePlan,
    dataset: Dataset,
    initial: InitialState,
    kind: RowKind,
    options?: EngineOptions,
  ): Promise<RowRunner> {
    if (kind === 'workers') return new RowRunner(await Engine.start(plan, dataset, initial, options));
    return new RowRunner(await Sequential.start(plan, dataset, initial, kind === 'javascript' ? kind : 'sequential'));
  }

  /** Does the work once, untimed parts around it: back to the start before, evaluation and digest after. */
  async repeat(steps: number): Promise<Repetition> {
    const { runner } = this;
    const before = runner.phaseSeconds();
    const exchanged = this.#engine?.teamSeconds() ?? 0;
    runner.shared.restore(this.#start);
    const counters = readCounters();
    const cpu = process.cpuUsage();
    const started = performance.now();
    const loss = await this.#train(steps);
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    const disturbance = disturbanceOf(counters, readCounters(), seconds, cpuSeconds);
    const phases = runner.phaseSeconds().map(({ compute, wait, reduce }, rank) => ({
      compute: compute - (before[rank]?.compute ?? 0),
      wait: wait - (before[rank]?.wait ?? 0),
      reduce: reduce - (before[rank]?.reduce ?? 0),
    }));
    const exchangeSeconds = (this.#engine?.teamSeconds() ?? 0) - exchanged;
    const { plan, shared } = runner;
    const evaluationSeconds = await this.#evaluate();
    return {
      seconds,
      rows: rowsOf(plan, steps),
      cpuSeconds,
      phases,
      exchangeSeconds,
      evaluationSeconds,
      loss,
      digest: modelDigest(plan.network, shared.snapshot()),
      disturbance,
    };
  }

  /** Seconds of a barrier by itself, in the least disturbed of some bursts; 0 for a program without any. */
  async measureBarrier(): Promise<number> {
    if (this.#engine === undefined) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (let burst = 0; burst < BURSTS; burst++) least = Math.min(least, await this.#engine.measureBarrier(BARRIERS));
    return least;
  }

  close(): Promise<void> {
    return this.runner.close();
  }

  /**
   * Never beyond the experiment's own last step, where its schedule has no meaning: then from the start again.
   *
   * @returns the loss of the last step
   */
  async #train(steps: number): Promise<number> {
    const { totalSteps } = this.runner.plan.batches;
    let last = 0;
    for (let done = 0; done < steps; ) {
      const from = done % totalSteps;
      if (from === 0 && done > 0) this.runner.shared.restore(this.#start);
      const to = Math.min(from + SEGMENT_STEPS, totalSteps, from + steps - done);
      const { diverged } = await this.runner.train(from, to);
      if (diverged !== undefined) throw divergence(diverged);
      done += to - from;
      last = to - from - 1;
    }
    return this.runner.shared.stepValues(last).loss;
  }

  async #evaluate(): Promise<number | undefined> {
    const { on } = this.runner.plan.experiment.train.eval;
    if (this.#engine === undefined || on === 'none') return undefined;
    const started = performance.now();
    const evaluation = await this.#engine.evaluate(on);
    return evaluation === undefined ? undefined : (performance.now() - started) / 1000;
  }
}

/** Rows trained on in `steps` steps: each epoch has all its rows, wherever the work goes back to the start. */
export function rowsOf({ batches }: EnginePlan, steps: number): number {
  const { batchRows, lastRows, batchesPerEpoch, batchesPerStep, stepsPerEpoch, totalSteps } = batches;
  const epochRows = (batchesPerEpoch - 1) * batchRows + lastRows;
  const passRows = (count: number): number => {
    const epochs = Math.floor(count / stepsPerEpoch);
    return epochs * epochRows + (count - epochs * stepsPerEpoch) * batchesPerStep * batchRows;
  };
  return Math.floor(steps / totalSteps) * passRows(totalSteps) + passRows(steps % totalSteps);
}

function divergence({ step, loss }: { step: number; loss: number }): GradloomError {
  return new GradloomError({
    code: 'E_DIVERGED',
    where: `step ${step}`,
    message: `the loss or gradient is not finite or too large (loss ${loss}), so there is no work to compare`,
    next: 'mend the experiment, or give less work: --steps',
  });
}
