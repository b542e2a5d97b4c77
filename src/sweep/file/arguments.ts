import { experimentSchema } from '../../config/schema/schema.ts';
import { closest } from '../../config/text/closest.ts';
import type { Entry, MapNode, Node } from '../../config/text/node.ts';
import { parseTree } from '../../config/text/parse.ts';
import type { Problems } from '../../config/text/problems.ts';
import { makeSource, type Place, type Source } from '../../config/text/source.ts';
import { printable } from '../../errors.ts';
import { type DistributionName, sweepSchema } from '../schema.ts';

/** What the arguments of a sweep's command line change. */
export interface SweepArguments {
  /** Of the sweep itself: `run_cap=20`, `early_terminate.type=asha`. */
  readonly settings: readonly string[];
  /** Of the base experiment, with the key that each sets: `train.epochs=3`. */
  readonly base: readonly { key: string; argument: string }[];
  /** What varies: `optimizer.lr=1e-3,3e-3`. */
  readonly parameters: ReadonlyMap<string, Entry>;
}

const SWEEP_KEYS = Object.keys(sweepSchema.shape);
const EXPERIMENT_KEYS = Object.keys(experimentSchema.shape);
/** Arguments sort after every file. */
const FIRST_ORDER = 2000;
const MAX_RANGE = 100_000;

/** Short names of distributions, as Hydra and its Optuna plugin have them, and what their arguments are. */
const FUNCTIONS: Readonly<Record<string, { distribution: DistributionName; keys: readonly string[] }>> = {
  uniform: { distribution: 'uniform', keys: ['min', 'max'] },
  interval: { distribution: 'uniform', keys: ['min', 'max'] },
  loguniform: { distribution: 'log_uniform_values', keys: ['min', 'max'] },
  int: { distribution: 'int_uniform', keys: ['min', 'max'] },
  quniform: { distribution: 'q_uniform', keys: ['min', 'max', 'q'] },
  qloguniform: { distribution: 'q_log_uniform_values', keys: ['min', 'max', 'q'] },
  normal: { distribution: 'normal', keys: ['mu', 'sigma'] },
  lognormal: { distribution: 'log_normal', keys: ['mu', 'sigma'] },
};
const FUNCTION_NAMES = [...Object.keys(FUNCTIONS), 'choice', 'range'];

/**
 * Sorts arguments into what varies (`a=1,2`, `a=loguniform(1e-4,1e-1)`, `a=choice(x,y)`, `a=range(0,10,2)`), settings of the sweep
 * (their first key is one of the sweep file's) and overrides of the base experiment.
 */
export function readArguments(args: readonly string[], problems: Problems): SweepArguments {
  const settings: string[] = [];
  const base: { key: string; argument: string }[] = [];
  const parameters = new Map<string, Entry>();
  for (const [i, argument] of args.entries()) {
    const [, mark = '', key = '', value] = /^(\+\+|\+|~)?([^=]*)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    const source = makeSource('command line', 'command line', argument, process.cwd(), FIRST_ORDER + i);
    const from = argument.length - (value ?? '').length;
    const varying = mark === '' && value !== undefined ? readVarying(source, from, key, problems) : undefined;
    if (varying !== undefined) parameters.set(key, { key: { source, from: 0, to: key.length }, value: varying });
    else if (isOfSweep(key)) settings.push(argument);
    else base.push({ key, argument });
  }
  return { settings, base, parameters };
}

/** Also a misspelt key that no experiment has, so that the right one is suggested. */
function isOfSweep(key: string): boolean {
  const [first = ''] = key.split('.');
  return SWEEP_KEYS.includes(first) || (!EXPERIMENT_KEYS.includes(first) && closest(first, SWEEP_KEYS) !== undefined);
}

/** The parameter that an argument's value describes; undefined for a plain value. */
function readVarying(source: Source, from: number, key: string, problems: Problems): MapNode | undefined {
  const parts = splitAtCommas(source.text, from, source.text.length);
  if (parts.length > 1) return choice(parts, source, key, problems);
  const call = /^\s*(?<name>[A-Za-z_]\w*)\((?<inner>[\s\S]*)\)\s*$/.exec(source.text.slice(from));
  const name = call?.groups?.['name'];
  if (name === undefined) return undefined;
  const open = source.text.indexOf('(', from);
  const inner = splitAtCommas(source.text, open + 1, source.text.lastIndexOf(')'));
  const whole: Place = { source, from, to: source.text.length };
  const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (name === 'choice') return choice(inner, source, key, problems);
  if (name === 'range') return range(inner, whole, problems, key);
  if (definition === undefined) {
    const near = closest(name, FUNCTION_NAMES);
    const about = near === undefined ? `expected one of ${FUNCTION_NAMES.join(', ')}` : `did you mean ${near}?`;
    problems.add(
      'E_OVERRIDE',
      key,
      `unknown function ${printable(name, 80)}; ${about}`,
      whole,
      `put quotes inside the quotes for text: ${printable(key)}='"..."'`,
    );
    return nothing(whole);
  }
  const { keys, distribution } = definition;
  if (inner.length !== keys.length) {
    problems.add('E_OVERRIDE', key, `${name} takes ${keys.length} numbers: ${name}(${keys.join(',')}); got ${inner.length}`, whole);
    return nothing(whole);
  }
  const entries = new Map<string, Entry>([
    ['distribution', { key: whole, value: { kind: 'scalar', place: whole, value: distribution, raw: distribution } }],
  ]);
  for (const [i, part] of inner.entries()) {
    const place = { source, ...part };
    const value = parseTree(source, problems, part.from, ['parameters', key, keys[i] ?? ''], part.to);
    if (value !== undefined) entries.set(keys[i] ?? '', { key: place, value });
  }
  return { kind: 'map', place: whole, entries };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The stretches between commas that stand outside brackets and quotes. */
function splitAtCommas(text: string, from: number, to: number): Span[] {
  const spans: Span[] = [];
  let start = from;
  let depth = 0;
  let quote = '';
  for (let at = from; at < to; at++) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === ',' && depth === 0) {
      spans.push({ from: start, to: at });
      start = at + 1;
    }
  }
  spans.push({ from: start, to });
  return spans;
}

function choice(parts: readonly Span[], source: Source, key: string, problems: Problems): MapNode {
  const whole: Place = { source, from: parts[0]?.from ?? 0, to: parts.at(-1)?.to ?? 0 };
  const items = parts.flatMap((part, i): Node[] => {
    const empty = source.text.slice(part.from, part.to).trim() === '';
    if (empty) problems.add('E_OVERRIDE', key, 'no value between commas', { source, ...part });
    const node = empty ? undefined : parseTree(source, problems, part.from, ['parameters', key, 'values', i], part.to);
    return node === undefined ? [] : [node];
  });
  return { kind: 'map', place: whole, entries: new Map([['values', { key: whole, value: { kind: 'list', place: whole, items } }]]) };
}

/** As Python's and Hydra's range: the stop is not included. */
function range(parts: readonly Span[], place: Place, problems: Problems, key: string): MapNode {
  const numbers = parts.map(({ from, to }) => Number(place.source.text.slice(from, to).trim() || Number.NaN));
  const [start = 0, stop = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  const count = Math.ceil((stop - start) / step - 1e-9);
  if (numbers.length > 3 || !(count >= 1 && count <= MAX_RANGE)) {
    const message = `not understood; expected range(start,stop,step) with numbers, the stop not included, and 1 to ${MAX_RANGE} values`;
    problems.add('E_OVERRIDE', key, message, place);
    return nothing(place);
  }
  const items = Array.from({ length: count }, (_, i): Node => {
    // Decimal: 0.1 + 2 * 0.1 is 0.3.
    const value = Number((start + i * step).toPrecision(15));
    return { kind: 'scalar', place, value, raw: String(value) };
  });
  return { kind: 'map', place, entries: new Map([['values', { key: place, value: { kind: 'list', place, items } }]]) };
}

/** Stands for what was reported already. */
function nothing(place: Place): MapNode {
  return { kind: 'map', place, entries: new Map() };
}
