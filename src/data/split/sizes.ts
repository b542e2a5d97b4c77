import type { SplitConfig } from '../../config/schema/schema.ts';
import { AUTO_FRACTION, FRACTION_ROUNDING } from '../../config/shares.ts';
import { GradloomError } from '../../errors.ts';
import type { SplitName } from '../dataset.ts';
import type { Samples } from '../samples.ts';

/** How many samples there are to be shared out. */
export interface Available {
  main: number;
  /** Of the source's own val and test sets; undefined where it has none. */
  val: number | undefined;
  test: number | undefined;
}

export function availableIn({ sampleCount, ownValCount = 0, ownTestCount }: Samples): Available {
  const own = (count: number): number | undefined => (count > 0 ? count : undefined);
  return { main: sampleCount - ownValCount - ownTestCount, val: own(ownValCount), test: own(ownTestCount) };
}

/**
 * How many samples each split takes: of the source's own set where it has one, else of the main part.
 *
 * @throws GradloomError E_DATA_SPLIT with what was asked for and what there is
 */
export function splitSizes(config: SplitConfig, available: Available): Record<SplitName, number> {
  const problem = (message: string): GradloomError => splitError(message, config, available);
  const { main } = available;
  const part = (name: 'val' | 'test'): number => {
    const own = available[name];
    const value = config[name];
    if (value === 'auto') return own ?? countOf(name, AUTO_FRACTION, main, problem);
    return countOf(name, value, own ?? main, problem);
  };
  const [val, test] = [part('val'), part('test')];
  const rest = main - (available.val === undefined ? val : 0) - (available.test === undefined ? test : 0);
  const train = config.train === 'rest' ? rest : countOf('train', config.train, main, problem);
  if (train < 1 || train > rest) throw problem(train < 1 ? 'no sample is left for train' : `${train - rest} samples too many`);
  return { train, val, test };
}

/**
 * How many samples each split takes where each comes from a set of its own: all of it, unless the experiment asks for less.
 *
 * @throws GradloomError E_DATA_SPLIT with what was asked for and what there is
 */
export function ownSizes(config: SplitConfig, sets: Readonly<Record<SplitName, number>>): Record<SplitName, number> {
  const problem = (message: string): GradloomError => {
    const { train, val, test } = sets;
    const there = `by ${byText(config)} there are train ${train}, val ${val}, test ${test}`;
    return refusal(`${message}: asked for ${askedText(config)}; ${there}`, 'lower the counts, or leave them out');
  };
  const count = (name: SplitName): number => {
    const value = config[name];
    if (typeof value === 'string') return sets[name];
    if (sets[name] === 0 && value > 0) throw problem(`no sample is there for ${name}`);
    return countOf(name, value, sets[name], problem);
  };
  const sizes = { train: count('train'), val: count('val'), test: count('test') };
  if (sizes.train === 0) throw problem('no sample is there for train');
  return sizes;
}

/** How samples are shared out, as `data.split.by` says it. */
export function byText({ by }: Pick<SplitConfig, 'by'>): string {
  if (typeof by === 'string') return by;
  return 'group' in by ? `group ${by.group}` : `column ${by.column}`;
}

/** An E_DATA_SPLIT of what the experiment asks for. */
export function refusal(message: string, next: string, where = 'data.split'): GradloomError {
  return new GradloomError({ code: 'E_DATA_SPLIT', where, message, next });
}

/** Samples that a count or a fraction of `available` means; a fraction above 0 means at least one. */
function countOf(name: SplitName, value: number, available: number, problem: (message: string) => GradloomError): number {
  if (value >= 1) {
    if (!Number.isInteger(value)) throw problem(`${name}: ${value} is neither a whole count nor a fraction below 1`);
    if (value > available) throw problem(`${name} alone asks for more`);
    return value;
  }
  return value === 0 ? 0 : Math.max(1, Math.floor(value * available + FRACTION_ROUNDING));
}

function askedText({ train, val, test }: SplitConfig): string {
  return `train ${train}, val ${val}, test ${test}`;
}

function splitError(problem: string, config: SplitConfig, { main, val, test }: Available): GradloomError {
  const own = Object.entries({ val, test }).flatMap(([name, count]) =>
    count === undefined ? [] : [` and ${count} in the source's own ${name} set`],
  );
  const message = `${problem}: asked for ${askedText(config)}; there are ${main} samples${own.join('')}`;
  return refusal(message, 'lower the counts, or set val: 0 or test: 0');
}
