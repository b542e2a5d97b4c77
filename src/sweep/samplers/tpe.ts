import { openUniform } from '../../random/distributions.ts';
import { log } from '../../random/elementary.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Cell, Distribution } from '../distributions.ts';
import type { Point, SearchSpace } from '../space.ts';
import type { Assignment } from '../trial.ts';
import { type Density, parzen, smoothed } from './parzen.ts';
import { randomPoints, suggestNew } from './random.ts';
import type { Observation, Sampler } from './sampler.ts';
import { SobolPoints } from './sobol.ts';

/** Trials before there is anything to learn from. */
const STARTUP = 10;
/** The best tenth of the trials, but no more, count as good. */
const GOOD_SHARE = 0.1;
const MAX_GOOD = 25;
const CANDIDATES = 24;
/** The latest trials have full weight, those before less and less. */
const FULL_WEIGHT = 25;
/** Draws before random ones take over, where constraints or repeats refuse too many. */
const MAX_ATTEMPTS = 50;

/**
 * Tree-structured Parzen estimator: models where good trials lie, l(x), and where the others do, g(x), one parameter at a time, and
 * suggests the most promising of some draws from l, by l(x) / g(x). A parameter with a condition learns from the trials that have it.
 * The first trials are scrambled Sobol points.
 *
 * source: Bergstra, Bardenet, Bengio and Kegl, "Algorithms for hyper-parameter optimization", NIPS 2011; defaults as Optuna's TPESampler
 * with multivariate=False (Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components", 2023)
 *
 * @example
 * const sampler = new TpeSampler(space, 7);
 * sampler.suggest(12, history); // {'optimizer.lr': 0.0123, 'optimizer.type': 'adam'}
 */
export class TpeSampler implements Sampler {
  readonly total = undefined;
  readonly #space: SearchSpace;
  readonly #seed: number;
  readonly #sobol: SobolPoints;
  readonly #model: TpeModel;

  constructor(space: SearchSpace, seed: number) {
    this.#space = space;
    this.#seed = seed;
    this.#sobol = new SobolPoints(space, seed);
    this.#model = new TpeModel(space, seed);
  }

  suggest(number: number, history: readonly Observation[]): Assignment {
    const random = randomPoints(this.#space, this.#seed, number);
    const model = history.length < STARTUP ? undefined : this.#model.after(history);
    const draw = (attempt: number): Point => {
      if (model !== undefined && attempt < MAX_ATTEMPTS) return model(number, attempt);
      return model === undefined && attempt === 0 ? this.#sobol.at(number) : random(attempt);
    };
    return suggestNew(this.#space, history, draw);
  }
}

/** Gives the point of an attempt of a trial. */
type Draw = (number: number, attempt: number) => Point;

/** What TPE makes of a history. */
export class TpeModel {
  readonly #space: SearchSpace;
  readonly #seed: number;
  /** Where observations are: a function of their assignments. */
  readonly #cells = new WeakMap<Assignment, readonly (Cell | undefined)[]>();

  constructor(space: SearchSpace, seed: number) {
    this.#space = space;
    this.#seed = seed;
  }

  after(history: readonly Observation[]): Draw {
    const inOrder = history.toSorted((a, b) => a.number - b.number);
    const ranked = inOrder.toSorted(
      (a, b) => (a.value ?? Number.POSITIVE_INFINITY) - (b.value ?? Number.POSITIVE_INFINITY) || a.number - b.number,
    );
    const good = new Set(ranked.slice(0, Math.min(Math.ceil(GOOD_SHARE * history.length), MAX_GOOD)));
    const sides = [inOrder.filter((one) => good.has(one)), inOrder.filter((one) => !good.has(one))] as const;
    const cells = sides.map((side) => side.map((one) => this.#cellsOf(one.assignment))) as [Cells[], Cells[]];
    const choosers = this.#space.dimensions.map(({ distribution }, i) => chooser(distribution, cells, i));
    return (number, attempt) => {
      const stream = new RandomStream(this.#seed, 'search', number);
      const first = attempt * choosers.length;
      return Float64Array.from(choosers, (choose, i) => choose(stream, (first + i) * 2 * CANDIDATES));
    };
  }

  #cellsOf(assignment: Assignment): readonly (Cell | undefined)[] {
    const known = this.#cells.get(assignment);
    if (known !== undefined) return known;
    const cells = this.#space.cellsOf(assignment);
    this.#cells.set(assignment, cells);
    return cells;
  }
}

type Cells = readonly (Cell | undefined)[];
/** The u of a dimension, from the stream's numbers from `first` on. */
type Chooser = (stream: RandomStream, first: number) => number;

function chooser(distribution: Distribution, [good, others]: readonly [readonly Cells[], readonly Cells[]], dimension: number): Chooser {
  if (distribution.count === 1) return () => 0.5;
  const [l, g] = [good, others].map((side) => {
    const all = weightsOf(side.length);
    const there = side.flatMap((cells, i) => {
      const cell = cells[dimension];
      return cell === undefined ? [] : [{ cell, weight: all[i] as number }];
    });
    return distribution.ordered
      ? parzen(
          there.map(({ cell }) => middle(cell)),
          there.map(({ weight }) => weight),
        )
      : choices(distribution, there);
  }) as [Density, Density];
  return (stream, first) => {
    let best = 0.5;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < CANDIDATES; k++) {
      const u = l.sample(openUniform(stream, first + 2 * k), openUniform(stream, first + 2 * k + 1));
      const cell = distribution.cell(distribution.quantile(u)) ?? [u, u];
      const gain = log(Math.max(1e-300, l.at(cell))) - log(Math.max(1e-300, g.at(cell)));
      if (gain > most) [best, most] = [u, gain];
    }
    return best;
  };
}

/** Equal for few trials; for many, the older ones' rise from 1/n to 1. */
function weightsOf(n: number): number[] {
  const ramp = n - FULL_WEIGHT;
  return Array.from({ length: n }, (_, i) => (i >= ramp ? 1 : ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * i) / (ramp - 1)));
}

function middle([from, to]: Cell): number {
  return (from + to) / 2;
}

function choices(distribution: Distribution, there: readonly { cell: Cell; weight: number }[]): Density {
  const cells = Array.from({ length: distribution.count ?? 0 }, (_, k) => distribution.cell(distribution.valueAt(k)) ?? [0, 0]);
  const positions = new Map(cells.map(([from], k) => [from, k]));
  const probabilities = smoothed(
    there.map(({ cell }) => positions.get(cell[0]) ?? 0),
    there.map(({ weight }) => weight),
    cells.map(([from, to]) => to - from),
  );
  return {
    sample(choose) {
      let k = 0;
      for (let sum = probabilities[0] as number; k < cells.length - 1 && sum <= choose; k++) sum += probabilities[k + 1] as number;
      return middle(cells[k] as Cell);
    },
    at: ([from]) => probabilities[positions.get(from) ?? 0] as number,
  };
}
