import { printable } from '../../errors.ts';
import { fields, listOf, oneOf, problemOf, textUpTo } from '../../storage/shape.ts';
import { findConfigs } from './configs.ts';

/** What is to be checked, or started. */
export interface WorkRequest {
  kind: 'train' | 'sweep' | 'speedup';
  config: string;
  overrides: string[];
}

const MOST_LETTERS = 2000;
const MOST_OVERRIDES = 200;
const shape = fields({
  kind: oneOf(['train', 'sweep', 'speedup']),
  config: textUpTo(MOST_LETTERS),
  overrides: listOf(textUpTo(MOST_LETTERS), MOST_OVERRIDES),
});
/** Hydra's grammar; a word that begins otherwise could be an option. */
const OVERRIDE = /^(?:\+\+|\+|~)?[A-Za-z_][\w.-]*(?:=|$)/;

/**
 * Understands a request of the page.
 *
 * @param root  the config must be one of those that are offered
 * @returns what is wrong with it, in words
 */
export function workOf(body: unknown, root: string): WorkRequest | string {
  const problem = problemOf(body, shape);
  if (problem !== undefined) return problem;
  const request = body as WorkRequest;
  const odd = request.overrides.find((override) => !OVERRIDE.test(override) || (!override.startsWith('~') && !override.includes('=')));
  if (odd !== undefined) return `${printable(odd)}: not a change; expected key=value, +key=value or ~key`;
  if (!findConfigs(root).some(({ name }) => name === request.config))
    return `${printable(request.config)}: not a config below ${printable(root)}`;
  return request;
}
