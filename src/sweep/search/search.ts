import * as z from 'zod';
import { diagnose } from '../../config/check/diagnose.ts';
import type { Outline } from '../../config/schema/outline.ts';
import { Problems } from '../../config/text/problems.ts';
import { treeFromObject } from '../../config/tree/object.ts';
import { SYSTEM_PATHS } from '../../config/tree/path-text.ts';
import { plain } from '../../config/tree/plain.ts';
import { GradloomError, printable } from '../../errors.ts';
import { Blame } from '../check/blame.ts';
import { makeSampler } from '../samplers/index.ts';
import { None } from '../schedulers/none.ts';
import { type SweepInput, sweepSchema } from '../schema.ts';
import { buildSpace, NOTHING_AROUND } from '../space/build.ts';
import type { Assignment } from '../trial.ts';
import type { Job } from './decisions.ts';
import { TrialSearch } from './trial-search.ts';

/** Keys as in a sweep file; parameters can have any names. Integers as `min` and `max` give integers, unless `distribution` says otherwise. */
export type SearchOptions = Pick<SweepInput, 'parameters' | 'zip' | 'constraints' | 'enqueue' | 'method' | 'seed' | 'run_cap'> & {
  /** What is better. @default minimize */
  goal?: 'minimize' | 'maximize';
};

/** A trial to be tried. */
export interface AskedTrial {
  /** From 0, in the order of asking. */
  readonly number: number;
  readonly values: Assignment;
}

/** A trial whose value is known. */
export interface ToldTrial extends AskedTrial {
  readonly value: number;
}

const searchSchema = sweepSchema
  .pick({ parameters: true, zip: true, constraints: true, enqueue: true, method: true, seed: true, run_cap: true })
  .extend({ goal: z.enum(['minimize', 'maximize']).default('minimize').describe('what is better') });

/**
 * The search of a sweep by itself, for whatever a number can be told of: no file, no training, nothing on disk. What is asked depends on
 * the options and on what was told before, in the order of telling, and on nothing else. Values that were asked before are not asked again.
 *
 * @example
 * const search = new Search({
 *   method: 'tpe',
 *   run_cap: 60,
 *   parameters: {
 *     lr: { distribution: 'log_uniform_values', min: 1e-4, max: 1 },
 *     units: { values: [16, 32, 64] },
 *   },
 * });
 * for (let trial = search.ask(); trial !== undefined; trial = search.ask()) {
 *   const { lr, units } = trial.values;
 *   search.tell(trial, (Math.log10(Number(lr)) + 2) ** 2 + 16 / Number(units));
 * }
 * console.log(search.best);
 */
export class Search {
  readonly #search: TrialSearch;
  readonly #goal: 'minimize' | 'maximize';
  /** Asked and not told yet. */
  readonly #open = new Map<number, { trial: AskedTrial; job: Job }>();
  #best: ToldTrial | undefined;

  /** @throws GradloomError E_CONFIG_... whose `problems` lists everything that is wrong with the options */
  constructor(options: SearchOptions) {
    const { goal, method, seed, run_cap, space } = parsed(options);
    const then = 'continue';
    this.#goal = goal;
    this.#search = new TrialSearch(
      {
        settings: { method, metric: { goal } },
        sampler: makeSampler(method, space, seed),
        scheduler: new None(1),
        enqueued: space.enqueued.length,
        keyOf: (assignment) => JSON.stringify(assignment),
      },
      // Whoever asks says how many trials are under way, and when it is enough.
      { order: 'arrival', lanes: Number.POSITIVE_INFINITY, run_cap, then, abort_after: 0, impute: 'worst' }, // oxlint-disable-line unicorn/no-thenable
    );
  }

  /** The best trial that was told so far. */
  get best(): ToldTrial | undefined {
    return this.#best;
  }

  /**
   * The next trial to try. Several can be asked before any is told.
   *
   * @returns undefined when there is nothing more to try: `run_cap` trials were asked, or all values
   * @throws GradloomError E_SWEEP_CONSTRAINTS if no values satisfy the constraints
   */
  ask(): AskedTrial | undefined {
    for (let decision = this.#search.next(); decision !== undefined; decision = this.#search.next()) {
      const job = this.#search.take(decision);
      // A duplicate starts nothing: the next one.
      if (decision.type !== 'trial' || job === undefined) continue;
      const trial = { number: decision.trial, values: decision.assignment };
      this.#open.set(trial.number, { trial, job });
      return trial;
    }
    return undefined;
  }

  /**
   * What a trial came to.
   *
   * @param value  undefined, or one that is not finite: it diverged or failed, which counts as the worst
   * @throws GradloomError E_USAGE if the trial was not asked, or was told before
   */
  tell({ number }: Pick<AskedTrial, 'number'>, value: number | undefined): void {
    const open = this.#open.get(number);
    if (open === undefined) {
      const message = `trial ${printable(String(number))} was not asked for, or was told before`;
      throw new GradloomError({ code: 'E_USAGE', where: 'tell', message, next: 'tell each trial once that ask() has given' });
    }
    this.#open.delete(number);
    if (value === undefined || !Number.isFinite(value)) {
      this.#search.tell(open.job, { status: 'diverged', value: undefined, points: [] });
      return;
    }
    this.#search.tell(open.job, { status: 'reached', value, points: [value] });
    if (this.#best === undefined || (this.#goal === 'minimize' ? value < this.#best.value : value > this.#best.value))
      this.#best = { ...open.trial, value };
  }
}

function parsed(options: SearchOptions): z.output<typeof searchSchema> & { space: ReturnType<typeof buildSpace> } {
  const problems = new Problems();
  const tree = treeFromObject(options, process.cwd(), problems);
  problems.throwIfAny();
  if (tree?.kind !== 'map') throw new GradloomError({ code: 'E_CONFIG_TYPE', message: 'wrong type; expected an object of options' });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a boundary: zod's type for any JSON Schema is wider than what it writes for ours
  const outline = z.toJSONSchema(searchSchema, { io: 'input' }) as Outline;
  const result = searchSchema.safeParse(plain(outline, tree, SYSTEM_PATHS));
  if (!result.success) diagnose(tree, result.error.issues, problems, outline);
  problems.throwIfAny();
  if (!result.success) throw new GradloomError({ code: 'E_INTERNAL', message: 'the search was refused without a reason' });
  const space = buildSpace(result.data, NOTHING_AROUND, new Blame(tree, problems));
  problems.throwIfAny();
  return { ...result.data, space };
}
