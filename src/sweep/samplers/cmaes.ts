import { normal } from '../../random/distributions.ts';
import { exp, integerPower, log } from '../../random/elementary.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Cell } from '../space/distributions.ts';
import type { Point, SearchSpace } from '../space/space.ts';
import type { Assignment } from '../trial.ts';
import { eigen } from './eigen.ts';
import { historyOf } from './history.ts';
import { inside } from './parzen.ts';
import { randomPoints, suggestNew } from './random.ts';
import type { Observation, Sampler } from './sampler.ts';
import { MOST_OBSERVATIONS, TpeModel } from './tpe.ts';

/** Of the range of every parameter. */
const FIRST_SIGMA = 0.3;
/** Draws of a point that leaves the range before it is put on the edge. */
const MAX_REDRAWS = 20;
/** Attempts before random points take over, where constraints or repeats refuse too many. */
const MAX_ATTEMPTS = 200;
/** Trials before choices among words are learnt. */
const STARTUP = 10;

/**
 * Covariance matrix adaptation: a normal distribution over all ordered parameters together moves towards the better half of each
 * generation and takes on its shape. For five parameters or more that depend on each other, and a few hundred trials. Choices
 * among words have no directions; they are suggested as by tpe.
 *
 * There is no state but the history: it is cut into generations of 4 + 3 ln n trials, in the order of their numbers, and all their
 * updates are done again (those of a history seen before are remembered).
 *
 * source: Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772 (2016), figure 6
 *
 * @example
 * const sampler = new CmaesSampler(space, 7);
 * sampler.suggest(12, history); // {'optimizer.lr': 0.0123}
 */
export class CmaesSampler implements Sampler {
  readonly total = undefined;
  readonly #space: SearchSpace;
  readonly #seed: number;
  /** Positions of the dimensions that the strategy moves in. */
  readonly #ordered: readonly number[];
  readonly #choices: TpeModel;
  readonly #population: number;
  /** The last state, and the observations that it came from, in whole generations. */
  #known: { observations: Observation[]; state: Strategy };

  /** @param most  observations that enter the densities of choices */
  constructor(space: SearchSpace, seed: number, most = MOST_OBSERVATIONS) {
    this.#space = space;
    this.#seed = seed;
    this.#ordered = [...space.dimensions.keys()].filter((i) => {
      const distribution = space.dimensions[i]?.distribution;
      return distribution?.ordered === true && distribution.count !== 1;
    });
    this.#choices = new TpeModel(space, seed, most);
    this.#population = 4 + Math.floor(3 * log(Math.max(1, this.#ordered.length)));
    this.#known = { observations: [], state: new Strategy(this.#ordered.length) };
  }

  suggest(number: number, observations: readonly Observation[]): Assignment {
    const history = historyOf(observations);
    const strategy = this.#after(history.all);
    const random = randomPoints(this.#space, this.#seed, number);
    const hasChoices = this.#ordered.length < this.#space.dimensions.length;
    const choices = history.all.length < STARTUP || !hasChoices ? undefined : this.#choices.after(history);
    const stream = new RandomStream(this.#seed, 'search', number);
    const widths = this.#widths();
    const draw = (attempt: number): Point => {
      if (attempt >= MAX_ATTEMPTS) return random(attempt);
      const point = Float64Array.from(choices?.(number, attempt) ?? random(attempt));
      const moved = strategy.draw((i) => normal(stream, attempt * MAX_REDRAWS * strategy.n + i), widths);
      for (const [k, i] of this.#ordered.entries()) point[i] = moved[k] as number;
      return point;
    };
    return suggestNew(this.#space, history, draw);
  }

  /** The strategy after all full generations of a history. */
  #after(history: readonly Observation[]): Strategy {
    const { observations: known, state } = this.#known;
    const whole = history.length - (history.length % this.#population);
    const isPrefix = known.length <= whole && known.every((one, i) => isSame(one, history[i]));
    if (!isPrefix) known.length = 0;
    const strategy = isPrefix ? state : new Strategy(this.#ordered.length);
    for (let from = known.length; from < whole; from += this.#population) {
      const generation = history.slice(from, from + this.#population);
      strategy.update(this.#ranked(generation, strategy.mean));
      known.push(...generation);
    }
    this.#known = { observations: known, state: strategy };
    return strategy;
  }

  /** A generation's points, the best first; a parameter that a trial does not have stands at the mean. Without failed trials. */
  #ranked(generation: readonly Observation[], mean: Float64Array): Float64Array[] {
    return generation
      .filter(({ value }) => value !== undefined)
      .toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0) || a.number - b.number)
      .map(({ assignment }) => {
        const cells = this.#space.cellsOf(assignment);
        return Float64Array.from(this.#ordered, (i, k) => middle(cells[i]) ?? (mean[k] as number));
      });
  }

  /** How wide the stretches of (0, 1) of single values are: 0 for real numbers. */
  #widths(): number[] {
    return this.#ordered.map((i) => 1 / (this.#space.dimensions[i]?.distribution.count ?? Number.POSITIVE_INFINITY));
  }
}

function isSame(a: Observation, b: Observation | undefined): boolean {
  if (a === b) return true;
  if (a.number !== b?.number || a.value !== b.value) return false;
  return a.assignment === b.assignment || JSON.stringify(a.assignment) === JSON.stringify(b.assignment);
}

function middle(cell: Cell | undefined): number | undefined {
  return cell === undefined ? undefined : (cell[0] + cell[1]) / 2;
}

/** The distribution of CMA-ES; names are the tutorial's. */
class Strategy {
  readonly n: number;
  readonly mean: Float64Array;
  #sigma = FIRST_SIGMA;
  #generation = 0;
  /** Covariance, row-major [n, n]; its eigenvectors B as columns and the roots D of its eigenvalues. */
  readonly #c: Float64Array;
  #b: Float64Array;
  #d: Float64Array;
  readonly #ps: Float64Array;
  readonly #pc: Float64Array;

  constructor(n: number) {
    this.n = n;
    this.mean = new Float64Array(n).fill(0.5);
    this.#c = new Float64Array(n * n);
    for (let i = 0; i < n; i++) this.#c[i * n + i] = 1;
    this.#b = this.#c.slice();
    this.#d = new Float64Array(n).fill(1);
    this.#ps = new Float64Array(n);
    this.#pc = new Float64Array(n);
  }

  /**
   * A point of the distribution, inside (0, 1) in every coordinate.
   *
   * @param random  number i of a stream of standard normal numbers
   * @param widths  of single values: no coordinate's deviation falls below a third of it, or the same value would come for ever
   */
  draw(random: (i: number) => number, widths: readonly number[]): Float64Array {
    const { n } = this;
    const x = new Float64Array(n);
    const spread = widths.map((width, i) => Math.max(this.#sigma, width / 3 / Math.sqrt(this.#c[i * n + i] as number)));
    for (let redraw = 0; redraw < MAX_REDRAWS; redraw++) {
      for (let i = 0; i < n; i++) {
        let y = 0;
        for (let k = 0; k < n; k++) y += (this.#b[i * n + k] as number) * (this.#d[k] as number) * random(redraw * n + k);
        x[i] = (this.mean[i] as number) + (spread[i] as number) * y;
      }
      if (x.every((one) => one > 0 && one < 1)) break;
    }
    return x.map(inside);
  }

  /** @param ranked  the points of a generation, the best first */
  update(ranked: readonly Float64Array[]): void {
    const { n } = this;
    const mu = Math.floor(ranked.length / 2);
    if (mu === 0 || n === 0) return;
    const raw = Array.from({ length: mu }, (_, i) => log((ranked.length + 1) / 2) - log(i + 1));
    const total = raw.reduce((sum, one) => sum + one, 0);
    const w = raw.map((one) => one / total);
    const mueff = 1 / w.reduce((sum, one) => sum + one * one, 0);
    const cc = (4 + mueff / n) / (n + 4 + (2 * mueff) / n);
    const cs = (mueff + 2) / (n + mueff + 5);
    const c1 = 2 / ((n + 1.3) ** 2 + mueff);
    const cmu = Math.min(1 - c1, (2 * (mueff - 2 + 1 / mueff)) / ((n + 2) ** 2 + mueff));
    const damps = 1 + 2 * Math.max(0, Math.sqrt((mueff - 1) / (n + 1)) - 1) + cs;
    const chiN = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));

    const steps = ranked.slice(0, mu).map((x) => x.map((one, i) => (one - (this.mean[i] as number)) / this.#sigma));
    const step = Float64Array.from({ length: n }, (_, i) => steps.reduce((sum, y, k) => sum + (w[k] as number) * (y[i] as number), 0));
    for (let i = 0; i < n; i++) this.mean[i] = inside((this.mean[i] as number) + this.#sigma * (step[i] as number));

    this.#generation++;
    const whitened = this.#whiten(step);
    const gain = Math.sqrt(cs * (2 - cs) * mueff);
    for (let i = 0; i < n; i++) this.#ps[i] = (1 - cs) * (this.#ps[i] as number) + gain * (whitened[i] as number);
    const length = Math.sqrt(this.#ps.reduce((sum, one) => sum + one * one, 0));
    const expected = Math.sqrt(1 - integerPower(1 - cs, 2 * this.#generation));
    const hsig = length / expected / chiN < 1.4 + 2 / (n + 1) ? 1 : 0;
    for (let i = 0; i < n; i++) {
      this.#pc[i] = (1 - cc) * (this.#pc[i] as number) + hsig * Math.sqrt(cc * (2 - cc) * mueff) * (step[i] as number);
    }
    const kept = 1 - c1 - cmu + (1 - hsig) * c1 * cc * (2 - cc);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        const rank = steps.reduce((sum, y, j) => sum + (w[j] as number) * (y[i] as number) * (y[k] as number), 0);
        this.#c[i * n + k] = kept * (this.#c[i * n + k] as number) + c1 * (this.#pc[i] as number) * (this.#pc[k] as number) + cmu * rank;
      }
    }
    // A deviation beyond the range has nothing to find there.
    this.#sigma = Math.min(1, this.#sigma * exp(Math.min(1, (cs / damps) * (length / chiN - 1))));
    const { values, vectors } = eigen(this.#c.slice(), n);
    this.#b = vectors;
    this.#d = values.map((value) => Math.sqrt(Math.max(value, 1e-20)));
  }

  /** C^(-1/2) y. */
  #whiten(y: Float64Array): Float64Array {
    const { n } = this;
    const inner = Float64Array.from({ length: n }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (this.#b[i * n + k] as number) * (y[i] as number);
      return sum / (this.#d[k] as number);
    });
    return Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (this.#b[i * n + k] as number) * (inner[k] as number);
      return sum;
    });
  }
}
