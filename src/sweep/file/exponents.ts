import { exp } from '../../random/elementary.ts';
import type { ParameterConfig, SweepSettings } from '../schema.ts';

/** Means of a logarithm that nobody writes who knows that it is one: the median is e times as much, or millions. */
const SMALL_MU = 1;
const LARGE_MU = 15;

/** For each parameter whose exponents look like values, the range that they give. */
export function exponentNotices({ parameters }: Pick<SweepSettings, 'parameters'>): string[] {
  return Object.entries(parameters).flatMap(([key, config]) => {
    const found = aboutExponents(config);
    return found === undefined ? [] : [`${key}: ${found}`];
  });
}

function aboutExponents({ distribution, min, max, mu, sigma = 1 }: ParameterConfig): string | undefined {
  switch (distribution) {
    case 'log_uniform':
    case 'q_log_uniform':
    case 'inv_log_uniform': {
      if (min === undefined || max === undefined || !looksLikeValues(min, max)) return undefined;
      const [low, high] = distribution === 'inv_log_uniform' ? [-max, -min] : [min, max];
      const powers = `e^${low} to e^${high}`;
      return `${distribution}: min and max are exponents of e, so values are ${shown(exp(low))} to ${shown(exp(high))} (${powers}); for values use ${distribution}_values`;
    }
    case 'log_normal':
    case 'q_log_normal': {
      if (mu === undefined || mu < 0 || (mu >= SMALL_MU && mu <= LARGE_MU)) return undefined;
      const range = `${shown(exp(mu - 2 * sigma))} to ${shown(exp(mu + 2 * sigma))}`;
      return `${distribution}: mu and sigma are of the logarithm, so the median is ${shown(exp(mu))} and most values are ${range}; for a median of x use mu: ln(x)`;
    }
    default:
      return undefined;
  }
}

/** Exponents of rates below 1 are negative; whole ones are often meant as powers of 10. */
function looksLikeValues(min: number, max: number): boolean {
  return min >= 0 || (Number.isInteger(min) && Number.isInteger(max));
}

function shown(value: number): string {
  return String(Number(value.toPrecision(5)));
}
