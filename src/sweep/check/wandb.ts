import { dotted, type Entry, type MapNode, type Node, type ScalarNode, valueAt } from '../../config/text/node.ts';
import type { Problems } from '../../config/text/problems.ts';
import { printable } from '../../errors.ts';

/** What a sweep file of W&B says to W&B only: which program to start, and how and where. */
const IGNORED = [
  'program',
  'command',
  'entity',
  'project',
  'description',
  'display_name',
  'controller',
  'image_uri',
  'job',
  'imports',
  'launch',
  'scheduler',
  'prior_runs',
  'settings',
  '$schema',
];
/** What a name of ours may not have: W&B's are titles. */
const NOT_IN_NAMES = /[^A-Za-z0-9._-]+/g;
const LONGEST_NAME = 100;
const DEFAULT_ETA = 3;

/**
 * The tree of a W&B sweep file as one of ours: nested parameters get dotted keys, `bayes` becomes tpe, W&B's hyperband becomes asha.
 *
 * @param notices  receives a sentence for each change of meaning
 * @see W&B, "Sweep configuration structure"; wandb/sweeps, hyperband_stopping.py
 */
export function fromWandb(tree: MapNode, problems: Problems, notices: string[]): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries) {
    if (IGNORED.includes(key)) continue;
    entries.set(key, { key: entry.key, value: translate(key, entry.value, problems, notices) });
  }
  const ignored = IGNORED.filter((key) => tree.entries.has(key));
  const name = ignored.length > 0 ? entries.get('name') : undefined;
  if (name !== undefined) entries.set('name', { ...name, value: asName(name.value, notices) });
  if (ignored.length > 0) notices.push(`${ignored.join(', ')}: for W&B only, ignored`);
  return { ...tree, entries };
}

function translate(key: string, value: Node, problems: Problems, notices: string[]): Node {
  if (key === 'parameters' && value.kind === 'map') {
    const flat = new Map<string, Entry>();
    flatten(value, [], flat, problems);
    return { ...value, entries: flat };
  }
  if (key === 'method' && value.kind === 'scalar' && value.value === 'bayes') {
    notices.push('method: bayes is read as tpe');
    return { ...value, value: 'tpe' };
  }
  return key === 'early_terminate' && value.kind === 'map' ? asAsha(value, notices) : value;
}

/** The title of a W&B sweep as part of a directory's name. */
function asName(node: Node, notices: string[]): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const name = node.value
    .replaceAll(NOT_IN_NAMES, '-')
    .replaceAll(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, LONGEST_NAME);
  if (name === node.value || name === '') return node;
  notices.push(`name: ${printable(node.value, 80)} is read as ${name}, for the directory's name`);
  return { ...node, value: name };
}

/** `{optimizer: {parameters: {lr: {...}}}}` is `{optimizer.lr: {...}}`. */
function flatten(map: MapNode, path: readonly string[], into: Map<string, Entry>, problems: Problems): void {
  for (const [key, { key: place, value }] of map.entries) {
    const full = [...path, key];
    const inner = valueAt(value, 'parameters');
    if (value.kind === 'map' && value.entries.size === 1 && inner?.kind === 'map') flatten(inner, full, into, problems);
    else if (into.has(dotted(full))) problems.add('E_CONFIG_VALUE', `parameters.${dotted(full)}`, 'given twice, dotted and nested', place);
    else into.set(dotted(full), { key: place, value: withOurName(value) });
  }
}

function withOurName(value: Node): Node {
  const entry = value.kind === 'map' ? value.entries.get('distribution') : undefined;
  if (value.kind !== 'map' || entry?.value.kind !== 'scalar' || entry.value.value !== 'categorical_w_probabilities') return value;
  const distribution = { ...entry, value: { ...entry.value, value: 'categorical' } };
  return { ...value, entries: new Map<string, Entry>([...value.entries, ['distribution', distribution]]) };
}

/** Rungs are min_iter, min_iter * eta, ...; or, counted down from max_iter, max_iter / eta, ..., max_iter / eta^s. */
function asAsha(map: MapNode, notices: string[]): MapNode {
  const [fewest, most, brackets, eta] = ['min_iter', 'max_iter', 's', 'eta'].map((key) => numberOf(valueAt(map, key)));
  if (!map.entries.has('min_iter') && !map.entries.has('max_iter')) return map;
  const entries = new Map<string, Entry>([...map.entries].filter(([key]) => !['min_iter', 'max_iter', 's', 'strict'].includes(key)));
  const put = (key: string, from: string, value?: string | number): void => {
    const entry = map.entries.get(from);
    const place = entry?.value.place ?? map.place;
    // What is not a number is refused as it was written.
    const node = value === undefined ? entry?.value : scalar(value, place);
    if (node !== undefined) entries.set(key, { key: entry?.key ?? map.place, value: node });
  };
  put('type', 'type', 'asha');
  if (map.entries.has('min_iter')) put('min', 'min_iter', fewest);
  else if (most !== undefined && brackets !== undefined) {
    let rung = most;
    for (let i = 0; i < brackets && rung / (eta ?? DEFAULT_ETA) >= 1; i++) rung /= eta ?? DEFAULT_ETA;
    put('min', 'max_iter', Math.max(1, Math.floor(rung)));
  }
  put('max', 'max_iter', most);
  notices.push("early_terminate: W&B's hyperband is read as asha, its iterations as epochs");
  if (map.entries.has('strict')) notices.push('early_terminate.strict: asha is always strict, ignored');
  return { ...map, entries };
}

function numberOf(node: Node | undefined): number | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;
}

function scalar(value: string | number, place: ScalarNode['place']): ScalarNode {
  return { kind: 'scalar', place, value, raw: String(value) };
}
