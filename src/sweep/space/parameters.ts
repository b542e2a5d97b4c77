import { oneOf } from '../../config/text/closest.ts';
import { type MapNode, nodeAt, type Path } from '../../config/text/node.ts';
import type { Blame } from '../check/blame.ts';
import type { DistributionName, ParameterConfig } from '../schema.ts';
import { categorical, type Distribution, type Numbers, numeric } from './distributions.ts';

type Key = Exclude<keyof ParameterConfig, 'distribution' | 'when'>;

/** What goes with each distribution: keys that it needs, and keys that have a default. */
const KEYS: { readonly [name in DistributionName]: readonly [needed: readonly Key[], optional: readonly Key[]] } = {
  constant: [['value'], []],
  categorical: [['values'], ['probabilities']],
  int_uniform: [['min', 'max'], []],
  uniform: [['min', 'max'], []],
  q_uniform: [['min', 'max'], ['q']],
  log_uniform: [['min', 'max'], []],
  log_uniform_values: [['min', 'max'], []],
  inv_log_uniform: [['min', 'max'], []],
  inv_log_uniform_values: [['min', 'max'], []],
  q_log_uniform: [['min', 'max'], ['q']],
  q_log_uniform_values: [['min', 'max'], ['q']],
  normal: [[], ['mu', 'sigma']],
  q_normal: [[], ['mu', 'sigma', 'q']],
  log_normal: [[], ['mu', 'sigma']],
  q_log_normal: [[], ['mu', 'sigma', 'q']],
  beta: [[], ['a', 'b']],
  q_beta: [[], ['a', 'b', 'q']],
};
const DEFAULTS: Readonly<Omit<Numbers, 'min' | 'max'>> = { mu: 0, sigma: 1, a: 1, b: 1, q: 1 };
/** e^709 is the largest power that is a number. */
const MAX_EXPONENT = 700;
/** Multiples of q must be told apart. */
const MAX_MULTIPLE = 1e15;
/** The smallest number with all its digits. */
const SMALLEST = 2 ** -1022;
/** Decimal probabilities that sum to one can miss it by rounding. */
const SUM_ERROR = 1e-6;

/** W&B's rule: values are a choice, min and max written as integers give integers, others give reals. */
export function distributionOf(config: ParameterConfig, path: Path, blame: Blame): DistributionName | undefined {
  if (config.distribution !== undefined) return config.distribution;
  if (config.value !== undefined) return 'constant';
  if (config.values !== undefined) return 'categorical';
  if (config.min === undefined && config.max === undefined) {
    blame.report('E_CONFIG_MISSING', path, 'missing how it varies; expected value, values, or min and max');
    return undefined;
  }
  return rangeOf(path, blame.tree);
}

/** W&B's rule for min and max alone. */
export function rangeOf(path: Path, tree: MapNode): 'int_uniform' | 'uniform' {
  // `0.0` and `1.0` are integers to JavaScript, but not what is meant.
  const integers = (['min', 'max'] as const).every((key) => {
    const node = nodeAt(tree, [...path, key]);
    return node?.kind === 'scalar' && Number.isInteger(node.value) && /^[-+]?\d+$/.test(node.raw);
  });
  return integers ? 'int_uniform' : 'uniform';
}

/** The distribution that a parameter describes; undefined if a problem was reported. */
export function makeDistribution(name: DistributionName, config: ParameterConfig, path: Path, blame: Blame): Distribution | undefined {
  if (!hasItsKeys(name, config, path, blame)) return undefined;
  if (name === 'constant') return config.value === undefined ? undefined : categorical([config.value]);
  if (name === 'categorical') {
    const { values = [], probabilities } = config;
    return valuesAreGood(config, path, blame) ? categorical(values, probabilities) : undefined;
  }
  const { min = 0, max = 0 } = config;
  const numbers: Numbers = {
    min,
    max,
    mu: config.mu ?? DEFAULTS.mu,
    sigma: config.sigma ?? DEFAULTS.sigma,
    a: config.a ?? DEFAULTS.a,
    b: config.b ?? DEFAULTS.b,
    q: config.q ?? DEFAULTS.q,
  };
  return numbersAreGood(name, numbers, path, blame) ? numeric(name, numbers) : undefined;
}

function hasItsKeys(name: DistributionName, config: ParameterConfig, path: Path, blame: Blame): boolean {
  const [needed, optional] = KEYS[name];
  const allowed = [...needed, ...optional];
  const missing = needed.filter((key) => config[key] === undefined);
  const given = Object.keys(config).filter((key) => key !== 'distribution' && key !== 'when');
  const foreign = given.filter((key) => !allowed.some((one) => one === key));
  for (const key of missing) blame.report('E_CONFIG_MISSING', [...path, key], `missing; ${name} needs it`);
  for (const key of foreign) blame.report('E_CONFIG_VALUE', [...path, key], `does not go with ${name}; expected ${oneOf(allowed)}`);
  return missing.length === 0 && foreign.length === 0;
}

function valuesAreGood({ values = [], probabilities }: ParameterConfig, path: Path, blame: Blame): boolean {
  const seen = new Set<string>();
  let good = true;
  for (const [i, value] of values.entries()) {
    const text = JSON.stringify(value);
    if (seen.has(text)) {
      blame.report('E_CONFIG_VALUE', [...path, 'values', i], `given twice; got ${text}`);
      good = false;
    }
    seen.add(text);
  }
  if (probabilities === undefined) return good;
  const at = [...path, 'probabilities'];
  const sum = probabilities.reduce((total, one) => total + one, 0);
  if (probabilities.length !== values.length) {
    blame.report('E_CONFIG_VALUE', at, `got ${probabilities.length} probabilities; expected one for each of the ${values.length} values`);
  } else if (Math.abs(sum - 1) > SUM_ERROR) {
    blame.report('E_CONFIG_RANGE', at, `the probabilities sum to ${Number(sum.toPrecision(6))}; expected 1`);
  } else return good;
  return false;
}

function numbersAreGood(name: DistributionName, { min, max, q, mu, sigma }: Numbers, path: Path, blame: Blame): boolean {
  const fail = (code: 'E_CONFIG_RANGE' | 'E_CONFIG_INTEGER', key: string, message: string, next?: string): false => {
    blame.report(code, [...path, key], message, next);
    return false;
  };
  const bounded = KEYS[name][0].includes('min');
  if (!bounded) {
    if (!name.includes('log')) return true;
    return (
      Math.abs(mu) + 9 * sigma <= MAX_EXPONENT ||
      fail(
        'E_CONFIG_RANGE',
        'sigma',
        `values beyond the largest number; got mu ${mu} and sigma ${sigma}; expected logarithms within ${MAX_EXPONENT}`,
      )
    );
  }
  if (name === 'int_uniform') {
    for (const [key, value] of [
      ['min', min],
      ['max', max],
    ] as const) {
      if (!Number.isSafeInteger(value)) return fail('E_CONFIG_INTEGER', key, `not an integer; got ${value}; int_uniform expects integers`);
    }
  }
  if (min > max) return fail('E_CONFIG_RANGE', 'max', `max must not be below min; got min ${min} and max ${max}`, 'swap the two');
  if (name.endsWith('_values') && min < SMALLEST) {
    return fail(
      'E_CONFIG_RANGE',
      'min',
      `a logarithm needs values above 0; got ${min}; min and max of ${name} are values, those of ${name.slice(0, -'_values'.length)} are exponents`,
    );
  }
  if (name.endsWith('log_uniform') && Math.max(Math.abs(min), Math.abs(max)) > MAX_EXPONENT) {
    const values = `${name}_values`;
    return fail(
      'E_CONFIG_RANGE',
      Math.abs(min) > MAX_EXPONENT ? 'min' : 'max',
      `min and max of ${name} are exponents of e; got ${min} and ${max}; expected at most ${MAX_EXPONENT}, or distribution ${values}`,
    );
  }
  if (name.startsWith('q_') && Math.max(Math.abs(min), Math.abs(max)) / q > MAX_MULTIPLE && !name.endsWith('log_uniform')) {
    return fail('E_CONFIG_RANGE', 'q', `too small a step for values up to ${Math.max(Math.abs(min), Math.abs(max))}; got ${q}`);
  }
  return true;
}
