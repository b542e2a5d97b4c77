import { printable } from '../../errors.ts';
import { closest, listed } from '../text/closest.ts';
import { dotted, type Path } from '../text/node.ts';

/** Layers of a network, once everything is written out. */
const MOST_LAYERS = 10_000;
/** Repeats, blocks and residuals within each other. */
const MOST_NESTED = 50;

/** What an entry of a list of layers is; lists stand at a path within it. */
export type Part<E> =
  | { kind: 'layer' }
  | { kind: 'block'; name: string }
  | { kind: 'repeat'; times: number; layers: readonly E[]; at: Path }
  | { kind: 'residual'; layers: readonly E[]; at: Path };

/** Lists of entries of any form, and how an entry is read; undefined where it is wrong itself. */
export interface LayerLists<E> {
  layers: readonly E[];
  blocks: ReadonlyMap<string, readonly E[]>;
  partOf: (entry: E) => Part<E> | undefined;
}

/** What is wrong with how lists of layers hold each other. */
export interface ListProblem {
  code: 'E_CONFIG_VALUE' | 'E_CONFIG_RANGE';
  path: Path;
  message: string;
  next?: string;
}

/** An entry that is a layer, at its place in the order of computation. */
export interface WrittenLayer<E> {
  /** In the experiment: `['model', 'layers', 2, 'layers', 0]`. */
  path: Path;
  entry: E;
  /** The layer whose input a residual adds: the first one inside. */
  from: number | undefined;
}

const LAYERS: Path = ['model', 'layers'];
const BLOCKS: Path = ['model', 'blocks'];

/** Why lists of layers cannot be written out: a block that is not there or contains itself, too many layers, too many lists in lists. */
export function listProblems<E>({ layers, blocks, partOf }: LayerLists<E>): ListProblem[] {
  const problems: ListProblem[] = [];
  const measured = new Map<string, Size>();
  const open: string[] = [];

  const report = (path: Path, code: ListProblem['code'], message: string, next?: string): Size => {
    problems.push({ code, path, message, ...(next !== undefined && { next }) });
    return NOTHING;
  };
  const ofBlock = (name: string, list: readonly E[]): Size => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    open.push(name);
    const size = ofList(list, [...BLOCKS, name]);
    open.pop();
    measured.set(name, size);
    return size;
  };
  const insideOf = (part: Exclude<Part<E>, { kind: 'layer' }>, path: Path): Size => {
    if (part.kind !== 'block') return ofList(part.layers, [...path, ...part.at]);
    const list = blocks.get(part.name);
    const at = [...path, 'block'];
    if (list === undefined) return report(at, 'E_CONFIG_VALUE', unknownBlock(part.name, [...blocks.keys()]));
    const since = open.indexOf(part.name);
    if (since < 0) return ofBlock(part.name, list);
    const circle = [...open.slice(since), part.name].map((name) => printable(name, 80)).join(' > ');
    return report(at, 'E_CONFIG_VALUE', `a block that contains itself; got ${circle}`);
  };
  const ofEntry = (entry: E, path: Path): Size => {
    const part = partOf(entry);
    if (part === undefined || part.kind === 'layer') return { layers: 1, height: 0 };
    const inside = insideOf(part, path);
    const layers = part.kind === 'repeat' ? part.times * inside.layers : inside.layers;
    const height = inside.height + 1;
    if (height > MOST_NESTED)
      return report(path, 'E_CONFIG_RANGE', `layers within layers; got more than ${MOST_NESTED} levels; expected at most ${MOST_NESTED}`);
    if (layers > MOST_LAYERS) return report(path, 'E_CONFIG_RANGE', tooMany(layers));
    if (part.kind === 'residual' && layers === 0 && part.layers.length > 0 && inside !== NOTHING) {
      return report(path, 'E_CONFIG_VALUE', 'nothing to add the input to: every repeat inside is 0; expected at least one layer');
    }
    return { layers: part.kind === 'residual' ? layers + 1 : layers, height };
  };
  const ofList = (list: readonly E[], path: Path): Size => {
    const size = { layers: 0, height: 0 };
    for (const [i, entry] of list.entries()) {
      const { layers, height } = ofEntry(entry, [...path, i]);
      size.height = Math.max(size.height, height);
      if (size.layers + layers > MOST_LAYERS) return report([...path, i], 'E_CONFIG_RANGE', tooMany(size.layers + layers));
      size.layers += layers;
    }
    return size;
  };

  for (const [name, list] of blocks) ofBlock(name, list);
  const whole = ofList(layers, LAYERS);
  if (problems.length === 0 && layers.length > 0 && whole.layers === 0)
    report(LAYERS, 'E_CONFIG_VALUE', 'no layers: every repeat is 0; expected at least one layer');
  return problems;
}

/**
 * The layers in the order of computation: repeats written out, blocks put in, and each residual where it ends.
 *
 * @param most  times that a repeat is written out at most
 * @returns layers whose position is the number i in their tensors' names, `layers.<i>.weight`; only for lists without `listProblems`
 */
export function writtenOut<E>({ layers, blocks, partOf }: LayerLists<E>, most = MOST_LAYERS): WrittenLayer<E>[] {
  const written: WrittenLayer<E>[] = [];
  /** Blocks that stand for nothing: those that double it, level by level, would take their time as well. */
  const nothing = new Set<string>();
  const add = (list: readonly E[], path: Path): void => {
    for (const [i, entry] of list.entries()) addEntry(entry, [...path, i]);
  };
  const repeat = (list: readonly E[], path: Path, times: number): void => {
    const before = written.length;
    for (let k = 0; k < times; k++) {
      add(list, path);
      // Nothing, however often: a million rounds of it would take their time.
      if (written.length === before) return;
    }
  };
  const addBlock = (name: string): void => {
    if (nothing.has(name)) return;
    const before = written.length;
    add(blocks.get(name) ?? [], [...BLOCKS, name]);
    if (written.length === before) nothing.add(name);
  };
  const addEntry = (entry: E, path: Path): void => {
    const part = partOf(entry);
    if (part === undefined || part.kind === 'layer') written.push({ path, entry, from: undefined });
    else if (part.kind === 'block') addBlock(part.name);
    else if (part.kind === 'repeat') repeat(part.layers, [...path, ...part.at], Math.min(part.times, most));
    else {
      const from = written.length;
      add(part.layers, [...path, ...part.at]);
      written.push({ path, entry, from });
    }
  };
  add(layers, LAYERS);
  return written;
}

interface Size {
  layers: number;
  /** Of lists within each other. */
  height: number;
}

/** Of what is reported. */
const NOTHING: Size = { layers: 0, height: 0 };

function tooMany(layers: number): string {
  return `too many layers; got ${layers} once repeats and blocks are written out; expected at most ${MOST_LAYERS}`;
}

function unknownBlock(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  const advice = near === undefined ? `the blocks are ${listed(names)}` : `did you mean ${printable(near, 80)}?`;
  return `unknown block; got ${printable(name, 80)}; expected a name in ${dotted(BLOCKS)}${names.length === 0 ? ', which has none' : `; ${advice}`}`;
}
