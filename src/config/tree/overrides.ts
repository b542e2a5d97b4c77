import { printable } from '../../errors.ts';
import { childOf, type Outline, outline } from '../schema/outline.ts';
import { dotted, type Entry, isIndex, type MapNode, type Node, nodeAt, type Path, valueAt } from '../text/node.ts';
import { MAX_DEPTH, parseTree } from '../text/parse.ts';
import type { Problems } from '../text/problems.ts';
import { isReserved } from '../text/reserved.ts';
import { makeSource, type Place, position, type Source } from '../text/source.ts';
import { expandShorthands, makeRoom, merge } from './merge.ts';

/** Arguments sort after every file. */
const FIRST_ORDER = 1000;
/** How the user says what happens to a key: `a=v` sets, `+a=v` adds, `++a=v` adds or sets, `~a` removes. */
const FORM = /^(?<mark>\+\+|\+|~)?(?<key>[^=]*)(?<assign>=(?<value>[\s\S]*))?$/;

interface Override {
  readonly mark: string;
  readonly path: Path;
  readonly keyPlace: Place;
  readonly value: Node | undefined;
}

/** How arguments are read for a kind of file; without it for an experiment. */
export interface OverrideRules {
  readonly schema: Outline;
  /** The path that an argument's dotted key means, where keys hold dots themselves. */
  readonly pathOf: (segments: readonly string[]) => Path;
}

/** A value to be set by a program's own means, with the place to blame for it. */
export interface Change {
  readonly path: Path;
  readonly key: Place;
  /** undefined removes the key, if it is there. */
  readonly value: Node | undefined;
}

/**
 * Applies command-line overrides in Hydra's grammar, the later over the earlier. Whether the schema has a key is left to
 * the validation, so that both kinds of input get the same errors.
 */
export function applyOverrides(
  tree: Node,
  args: readonly string[],
  problems: Problems,
  notices: string[],
  { schema, pathOf }: OverrideRules = { schema: outline, pathOf: (segments) => segments },
): Node {
  return args.reduce((result, arg, i) => {
    const source = makeSource('command line', 'command line', arg, process.cwd(), FIRST_ORDER + i);
    const override = parseOverride(source, problems, pathOf);
    if (override === undefined) return result;
    const fail = (message: string, next?: string) => problems.add('E_OVERRIDE', dotted(override.path), message, override.keyPlace, next);
    return apply(schema, result, override, fail, notices);
  }, tree);
}

/** Sets values in an experiment's tree as arguments would, the later over the earlier. */
export function applyChanges(tree: Node, changes: readonly Change[], problems: Problems, notices: string[]): Node {
  return changes.reduce((result, { path, key, value }) => {
    if (value === undefined) return nodeAt(result, path) === undefined ? result : removeAt(result, path);
    // The remedies for an argument would not help where the change was made.
    const fail = (message: string) => problems.add('E_OVERRIDE', dotted(path), message, key);
    return setAt(outline, result, path, 0, { value, keyPlace: key, mayAppend: false, fail, notices });
  }, tree);
}

function parseOverride(source: Source, problems: Problems, pathOf: OverrideRules['pathOf']): Override | undefined {
  const whole: Place = { source, from: 0, to: source.text.length };
  const { mark = '', key = '', assign, value = '' } = FORM.exec(source.text)?.groups ?? {};
  const keyPlace: Place = { source, from: mark.length, to: mark.length + key.length };
  const segments = key.split('.');
  if (mark === '~' && assign !== undefined) return refuse('~ removes a key and takes no value', `write ~${printable(key)}`);
  if (mark !== '~' && assign === undefined) return refuse(`not of the form key=value; got ${printable(source.text)}`);
  if (segments.some((segment) => !/^[^\s=]+$/.test(segment))) return refuse(`not a dotted key; got ${printable(key)}`);
  if (segments.length > MAX_DEPTH) return refuse(`the key has more than ${MAX_DEPTH} parts`);
  const reserved = segments.find(isReserved);
  if (reserved !== undefined) {
    problems.add('E_CONFIG_RESERVED', key, 'reserved name', keyPlace);
    return undefined;
  }
  const path = pathOf(segments);
  if (mark === '~') return { mark, path, keyPlace, value: undefined };
  if (value.trim() === '') {
    const shown = printable(key);
    return refuse(`${shown}: no value after =`, `write ${shown}="" for empty text, or ~${shown} to remove the key`);
  }
  const node = parseTree(source, problems, source.text.length - value.length, path);
  return node === undefined ? undefined : { mark, path, keyPlace, value: node };

  function refuse(message: string, next?: string): undefined {
    problems.add('E_OVERRIDE', '', message, whole, next);
  }
}

type Fail = (message: string, next?: string) => void;

function apply(schema: Outline, tree: Node, override: Override, fail: Fail, notices: string[]): Node {
  const { mark, path, value, keyPlace } = override;
  const before = nodeAt(tree, path);
  if (value === undefined) {
    if (before !== undefined) return removeAt(tree, path);
    fail('nothing to remove: no file or argument gives it');
    return tree;
  }
  if (mark === '+' && before !== undefined) {
    fail(`already given${givenAt(before.place)}`, `leave out the + to replace it`);
    return tree;
  }
  return setAt(schema, tree, path, 0, { value, keyPlace, mayAppend: mark !== '', fail, notices });
}

interface Setting {
  readonly value: Node;
  readonly keyPlace: Place;
  readonly mayAppend: boolean;
  readonly fail: Fail;
  readonly notices: string[];
}

function setAt(at: Outline | undefined, node: Node | undefined, path: Path, depth: number, setting: Setting): Node {
  const key = path[depth];
  if (key === undefined) {
    const value = expandShorthands(at, setting.value);
    return node === undefined ? value : merge(at, node, value, path, setting.notices);
  }
  const isList = node === undefined ? at?.items !== undefined : node.kind === 'list';
  if (isList) return setItem(at, node?.kind === 'list' ? node.items : [], path, depth, setting);
  const base: MapNode = node?.kind === 'map' ? node : { kind: 'map', place: setting.keyPlace, entries: new Map() };
  const name = String(key);
  // A new type drops keys of the old variant; the rest of the path then stands in the new one.
  const given: Node = depth === path.length - 1 ? setting.value : { kind: 'map', place: setting.keyPlace, entries: new Map() };
  const over: MapNode = { ...base, entries: new Map<string, Entry>([[name, { key: setting.keyPlace, value: given }]]) };
  const room = makeRoom(at, base, over, path.slice(0, depth), setting.notices);
  const child = setAt(childOf(at, over, key) ?? childOf(at, room, key), room.entries.get(name)?.value, path, depth + 1, setting);
  return { kind: 'map', place: base.place, entries: new Map([...room.entries, [name, { key: setting.keyPlace, value: child }]]) };
}

function setItem(at: Outline | undefined, items: readonly Node[], path: Path, depth: number, setting: Setting): Node {
  const list = printable(dotted(path.slice(0, depth)));
  const place = items[0]?.place ?? setting.keyPlace;
  const unchanged: Node = { kind: 'list', place, items };
  const key = String(path[depth]);
  const index = isIndex(key) ? Number(key) : undefined;
  const append = setting.mayAppend && index === items.length;
  if (index === undefined || (index >= items.length && !append)) {
    const range = items.length === 0 ? 'has no items' : `has items 0 to ${items.length - 1}`;
    setting.fail(`${list} ${range}; got ${printable(key, 80)}`, `+${list}.${items.length}=... adds an item`);
    return unchanged;
  }
  const item = setAt(at?.items, items[index], path, depth + 1, setting);
  return { kind: 'list', place, items: append ? [...items, item] : items.with(index, item) };
}

function removeAt(node: Node, path: Path): Node {
  const [key, ...rest] = path;
  if (key === undefined) return node;
  const child = valueAt(node, key);
  const replacement = rest.length === 0 || child === undefined ? undefined : removeAt(child, rest);
  if (node.kind === 'list') {
    const index = Number(key);
    return { ...node, items: replacement === undefined ? node.items.toSpliced(index, 1) : node.items.with(index, replacement) };
  }
  if (node.kind === 'scalar') return node;
  const entries = new Map(node.entries);
  const entry = entries.get(String(key));
  if (replacement === undefined || entry === undefined) entries.delete(String(key));
  else entries.set(String(key), { key: entry.key, value: replacement });
  return { kind: 'map', place: node.place, entries };
}

function givenAt(place: Place): string {
  if (place.source.kind === 'object') return '';
  if (place.source.kind === 'command line') return ` by ${printable(place.source.text)}`;
  const { line, column } = position(place);
  return ` at ${printable(place.source.name)}:${line}:${column}`;
}
