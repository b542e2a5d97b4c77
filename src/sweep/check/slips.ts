import { listed } from '../../config/text/closest.ts';
import { type MapNode, type Node, nodeAt, valueAt } from '../../config/text/node.ts';
import { printable } from '../../errors.ts';
import { DISTRIBUTIONS } from '../schema.ts';
import type { Blame } from './blame.ts';
import { experimentKeys, takesList } from './experiment-keys.ts';

/** What other tools call a distribution. Their logarithms take values, where `log_uniform` takes exponents. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  choice: 'categorical',
  choices: 'categorical',
  category: 'categorical',
  discrete: 'categorical',
  grid: 'categorical',
  grid_search: 'categorical',
  list: 'categorical',
  values: 'categorical',
  fixed: 'constant',
  value: 'constant',
  int: 'int_uniform',
  integer: 'int_uniform',
  randint: 'int_uniform',
  uniform_int: 'int_uniform',
  intuniform: 'int_uniform',
  float: 'uniform',
  real: 'uniform',
  quniform: 'q_uniform',
  loguniform: 'log_uniform_values',
  loguniform_values: 'log_uniform_values',
  log_uniform_value: 'log_uniform_values',
  log: 'log_uniform_values',
  reciprocal: 'log_uniform_values',
  qloguniform: 'q_log_uniform_values',
  q_loguniform: 'q_log_uniform_values',
  gaussian: 'normal',
  randn: 'normal',
  qnormal: 'q_normal',
  lognormal: 'log_normal',
  qlognormal: 'q_log_normal',
};

/** Reports the usual slips of sweep files, with what was meant; the schema would know that they are wrong, but not why. */
export function findSlips(blame: Blame, base: MapNode | undefined): void {
  const parameters = nodeAt(blame.tree, ['parameters']);
  const keys = base === undefined ? undefined : experimentKeys(base);
  for (const [key, { value: parameter }] of parameters?.kind === 'map' ? parameters.entries : []) {
    const path = ['parameters', key];
    if (parameter.kind !== 'map') {
      const meant = parameter.kind === 'list' ? `{values: ${textOf(parameter)}}` : `{value: ${textOf(parameter)}}`;
      blame.report('E_CONFIG_TYPE', path, `wrong type; got ${kindOf(parameter)}; expected a map such as ${meant}`);
      continue;
    }
    findDistribution(blame, path, valueAt(parameter, 'distribution'));
    findValues(blame, path, valueAt(parameter, 'values'));
    const at = keys?.get(key)?.at;
    const single = valueAt(parameter, 'value');
    if (single?.kind === 'list' && at !== undefined && !takesList(at))
      blame.report(
        'E_CONFIG_TYPE',
        [...path, 'value'],
        `wrong type; got a list; expected one value; for a choice write values: ${textOf(single)}`,
      );
  }
  findHyperband(blame);
}

function findDistribution(blame: Blame, path: readonly string[], node: Node | undefined): void {
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || DISTRIBUTIONS.some((one) => one === node.value)) return;
  const word = node.value.toLowerCase().replaceAll(/[-\s]/g, '_');
  const meant = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : DISTRIBUTIONS.find((one) => one === word);
  if (meant === undefined) return;
  const hint = meant.includes('log_uniform_values')
    ? `, whose min and max are values (of ${meant.replace('_values', '')} they are exponents)`
    : '';
  blame.report('E_CONFIG_VALUE', [...path, 'distribution'], `unknown value; got ${printable(node.raw, 80)}; did you mean ${meant}${hint}?`);
}

function findValues(blame: Blame, path: readonly string[], node: Node | undefined): void {
  if (node === undefined || node.kind === 'list') return;
  const at = [...path, 'values'];
  if (node.kind === 'map') {
    const hint = `the keys ${listed([...node.entries.keys()])} belong beside it, not in it`;
    blame.report('E_CONFIG_TYPE', at, `wrong type; got a map; expected a list; ${hint}`);
    return;
  }
  const text = textOf(node);
  const several = typeof node.value === 'string' && node.value.includes(',') ? node.value : undefined;
  const hint =
    several === undefined
      ? `write value: ${text} for one value, values: [${text}, ...] for a choice`
      : `write values: [${printable(several, 80)}]`;
  blame.report('E_CONFIG_TYPE', at, `wrong type; got ${text}; expected a list; ${hint}`);
}

/** W&B counts its rungs up from min_iter, or down from max_iter, s times. */
function findHyperband(blame: Blame): void {
  const stopping = nodeAt(blame.tree, ['early_terminate']);
  if (stopping?.kind === 'map' && stopping.entries.has('s'))
    blame.report(
      'E_CONFIG_MISSING',
      ['early_terminate', 's'],
      'counts rungs down from max_iter, which is missing',
      'give max_iter, or min_iter in its place',
    );
}

function kindOf(node: Node): string {
  if (node.kind === 'list') return 'a list';
  return node.kind === 'map' ? 'a map' : textOf(node);
}

function textOf(node: Node): string {
  if (node.kind === 'list') return `[${node.items.map(textOf).join(', ')}]`;
  if (node.kind === 'map') return '{...}';
  return node.raw === '' ? 'nothing' : printable(node.raw, 80);
}
