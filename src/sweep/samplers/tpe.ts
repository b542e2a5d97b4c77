import { openUniform } from '../../random/distributions.ts';
import { log } from '../../random/elementary.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Cell, Distribution } from '../space/distributions.ts';
import type { Point, SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { type History, historyOf } from './history.ts';
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
/** Of more trials the latest enter the densities, and the good ones: what a suggestion costs grows no further. */
export const MOST_OBSERVATIONS = 2000;
/** Draws before random ones take over, where constraints or repeats refuse too many. */
const MAX_ATTEMPTS = 50;

/**
 * Tree-structured Parzen estimator: models where good trials lie, l(x), and where the others do, g(x), one parameter at a time, and
 * suggests the most promising of some draws from l, by l(x) / g(x). A parameter with a condition learns from the trials that have it.
 * The first trials are scrambled Sobol points. Of a history of more than MOST_OBSERVATIONS trials, g(x) is modelled on the latest.
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

  /** @param most  observations that enter the densities */
  constructor(space: SearchSpace, seed: number, most = MOST_OBSERVATIONS) {
    this.#space = space;
    this.#seed = seed;
    this.#sobol = new SobolPoints(space, seed);
    this.#model = new TpeModel(space, seed, most);
  }

  suggest(number: number, observations: readonly Observation[]): Assignment {
    const history = historyOf(observations);
    const random = randomPoints(this.#space, this.#seed, number);
    const model = history.all.length < STARTUP ? undefined : this.#model.after(history);
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
  readonly #most: number;
  /** The values of the dimensions without an order; undefined for the others. */
  readonly #choices: readonly (Choices | undefined)[];
  /** For each ordered dimension the middle of the value's u's, for each choice its position; NaN where the trial sets none. */
  readonly #places = new WeakMap<Assignment, Float64Array>();

  /** @param most  observations that enter the densities */
  constructor(space: SearchSpace, seed: number, most: number) {
    this.#space = space;
    this.#seed = seed;
    this.#most = most;
    this.#choices = space.dimensions.map(({ distribution }) => (distribution.ordered ? undefined : new Choices(distribution)));
  }

  after(history: History): Draw {
    const { all } = history;
    const best = history.best(Math.min(Math.ceil(GOOD_SHARE * all.length), MAX_GOOD));
    const good = new Set(best);
    const l = this.#side(best);
    const g = this.#side(this.#others(all, good));
    const choosers = this.#space.dimensions.map(({ distribution }, i) => chooser(distribution, this.#choices[i], l, g, i));
    return (number, attempt) => {
      const stream = new RandomStream(this.#seed, 'search', number);
      const first = attempt * choosers.length;
      return Float64Array.from(choosers, (choose, i) => choose(stream, (first + i) * 2 * CANDIDATES));
    };
  }

  /** Those that are not good, as far as they count. */
  #others(all: readonly Observation[], good: ReadonlySet<Observation>): Observation[] {
    if (all.length <= this.#most) return all.filter((one) => !good.has(one));
    const latest: Observation[] = [];
    for (let i = all.length - 1; latest.length < this.#most - good.size; i--) {
      const one = all[i] as Observation;
      if (!good.has(one)) latest.push(one);
    }
    return latest.toReversed();
  }

  #side(observations: readonly Observation[]): Side {
    return { places: observations.map(({ assignment }) => this.#placesOf(assignment)), weights: weightsOf(observations.length) };
  }

  #placesOf(assignment: Assignment): Float64Array {
    const known = this.#places.get(assignment);
    if (known !== undefined) return known;
    const cells = this.#space.cellsOf(assignment);
    const places = Float64Array.from(cells, (cell, i) =>
      cell === undefined ? Number.NaN : (this.#choices[i]?.positionOf(cell) ?? middle(cell)),
    );
    this.#places.set(assignment, places);
    return places;
  }
}

/** The good trials, or the others, in the order of their numbers. */
interface Side {
  readonly places: readonly Float64Array[];
  readonly weights: Float64Array;
}

/** The u of a dimension, from the stream's numbers from `first` on. */
type Chooser = (stream: RandomStream, first: number) => number;

function chooser(distribution: Distribution, choices: Choices | undefined, good: Side, others: Side, dimension: number): Chooser {
  if (distribution.count === 1) return () => 0.5;
  const density = (side: Side): Density => {
    const there = those(side, dimension);
    return choices === undefined ? parzen(there.places, there.weights) : choices.density(there.places, there.weights);
  };
  const l = density(good);
  const g = density(others);
  return (stream, first) => {
    let best = 0.5;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < CANDIDATES; k++) {
      const u = l.sample(openUniform(stream, first + 2 * k), openUniform(stream, first + 2 * k + 1));
      const cell: Cell = distribution.smooth ? [u, u] : (distribution.cell(distribution.quantile(u)) ?? [u, u]);
      const gain = log(Math.max(1e-300, l.at(cell))) - log(Math.max(1e-300, g.at(cell)));
      if (gain > most) [best, most] = [u, gain];
    }
    return best;
  };
}

/** The trials that set a dimension. */
function those({ places, weights }: Side, dimension: number): { places: Float64Array; weights: Float64Array } {
  const found = { places: new Float64Array(places.length), weights: new Float64Array(places.length) };
  let count = 0;
  for (const [i, point] of places.entries()) {
    const place = point[dimension] as number;
    if (Number.isNaN(place)) continue;
    found.places[count] = place;
    found.weights[count++] = weights[i] as number;
  }
  return { places: found.places.subarray(0, count), weights: found.weights.subarray(0, count) };
}

/** Equal for few trials; for many, the older ones' rise from 1/n to 1. */
function weightsOf(n: number): Float64Array {
  const ramp = n - FULL_WEIGHT;
  return Float64Array.from({ length: n }, (_, i) => (i >= ramp ? 1 : ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * i) / (ramp - 1)));
}

function middle([from, to]: Cell): number {
  return (from + to) / 2;
}

/** The values of a distribution without an order. */
class Choices {
  readonly #cells: readonly Cell[];
  readonly #positions: ReadonlyMap<string, number>;

  constructor(distribution: Distribution) {
    this.#cells = Array.from({ length: distribution.count ?? 0 }, (_, k) => distribution.cell(distribution.valueAt(k)) ?? [0, 0]);
    this.#positions = new Map(this.#cells.map((cell, k) => [cell.join(), k]));
  }

  positionOf(cell: Cell): number {
    return this.#positions.get(cell.join()) ?? 0;
  }

  density(places: Float64Array, weights: Float64Array): Density {
    const probabilities = smoothed(
      places,
      weights,
      this.#cells.map(([from, to]) => to - from),
    );
    return {
      sample: (choose) => {
        let k = 0;
        for (let sum = probabilities[0] as number; k < probabilities.length - 1 && sum <= choose; k++)
          sum += probabilities[k + 1] as number;
        return middle(this.#cells[k] as Cell);
      },
      at: (cell) => probabilities[this.positionOf(cell)] as number,
    };
  }
}
