import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { printable } from '../../errors.ts';
import { outline } from '../schema/outline.ts';
import type { Node, ScalarNode } from '../text/node.ts';
import { parseTree } from '../text/parse.ts';
import { Problems } from '../text/problems.ts';
import { readText, UnreadableError } from '../text/read.ts';
import { makeSource, type Source } from '../text/source.ts';
import { expandShorthands, merge } from './merge.ts';
import { expandHome, pathFault } from './path-text.ts';

const MAX_CHAIN = 8;
const MAX_LIST = 16;

interface Loading {
  /** Real path of the root file's directory: nothing outside is read. */
  readonly root: string;
  readonly problems: Problems;
  readonly notices: string[];
  /** Merged trees by real path: a file that many extend is read once. */
  readonly done: Map<string, Node | undefined>;
}

/** A file on the way from the root to the one being read. */
interface Link {
  readonly real: string;
  readonly shown: string;
}

/** Parses the root source, merges everything that it extends below it and writes out shorthands. */
export function loadTree(source: Source, problems: Problems, notices: string[]): Node | undefined {
  const root = realOr(source.dir);
  const real = source.kind === 'file' ? realOr(resolve(source.name)) : '';
  return load(source, [{ real, shown: source.name }], { root, problems, notices, done: new Map() });
}

/** Real paths of what a source extends, also of files that cannot be read; none of a source that is no YAML. */
export function extendedFiles(source: Source): string[] {
  const done: Loading['done'] = new Map();
  const root = realOr(source.dir);
  load(source, [{ real: realOr(resolve(source.name)), shown: source.name }], { root, problems: new Problems(), notices: [], done });
  return [...done.keys()];
}

function load(source: Source, chain: readonly Link[], loading: Loading): Node | undefined {
  const tree = parseTree(source, loading.problems);
  if (tree?.kind !== 'map') return tree;
  const entry = tree.entries.get('extends');
  if (entry === undefined) return expandShorthands(outline, tree);
  const entries = new Map(tree.entries);
  entries.delete('extends');
  const own = expandShorthands(outline, { ...tree, entries });
  let base: Node | undefined;
  for (const item of extendsList(entry.value, entry.key, loading.problems)) {
    const next = follow(item, source, chain, loading);
    if (next !== undefined) base = base === undefined ? next : merge(outline, base, next, [], loading.notices);
  }
  return base === undefined ? own : merge(outline, base, own, [], loading.notices);
}

function extendsList(value: Node, key: ScalarNode['place'], problems: Problems): readonly ScalarNode[] {
  const items = value.kind === 'list' ? value.items : [value];
  if (items.length > MAX_LIST) {
    problems.add('E_CONFIG_RANGE', 'extends', `out of range; got ${items.length} files; expected at most ${MAX_LIST}`, key);
    return [];
  }
  return items.flatMap((item) => {
    if (item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '') return [item];
    problems.add('E_CONFIG_TYPE', 'extends', 'wrong type; expected a relative path, or a list of them', item.place);
    return [];
  });
}

function follow(item: ScalarNode, source: Source, chain: readonly Link[], loading: Loading): Node | undefined {
  const { problems, root } = loading;
  const given = String(item.value);
  const fault = pathFault(given, source.kind, true);
  if (fault !== undefined) {
    problems.add('E_CONFIG_VALUE', 'extends', fault, item.place);
    return undefined;
  }
  const written = expandHome(given);
  const target = resolve(source.dir, written);
  const outside = 'leads outside the directory of the experiment file; expected a relative path inside it';
  // Both before and after links are followed, so that nothing outside is even looked for.
  if (isAbsolute(given) || !isInside(root, resolve(realOr(source.dir), written))) {
    problems.add('E_EXTENDS_OUTSIDE', 'extends', `${printable(given)} ${outside}`, item.place);
    return undefined;
  }
  const link = { real: realOr(target), shown: isAbsolute(written) ? written : join(dirname(source.name), written) };
  if (!isInside(root, link.real)) {
    problems.add('E_EXTENDS_OUTSIDE', 'extends', `${printable(given)} is a link that ${outside}`, item.place);
    return undefined;
  }
  const links = [...chain, link];
  const shown = links.map((one) => printable(one.shown)).join(' -> ');
  if (chain.some(({ real }) => real === link.real)) {
    problems.add('E_EXTENDS_CYCLE', 'extends', `the files extend each other: ${shown}`, item.place);
    return undefined;
  }
  if (chain.length > MAX_CHAIN) {
    problems.add('E_EXTENDS_CYCLE', 'extends', `more than ${MAX_CHAIN} files in a chain: ${shown}`, item.place);
    return undefined;
  }
  if (!loading.done.has(link.real)) loading.done.set(link.real, read(link, item, source, links, loading));
  return loading.done.get(link.real);
}

function read(link: Link, item: ScalarNode, source: Source, links: readonly Link[], loading: Loading): Node | undefined {
  try {
    const text = readText(link.real);
    const directory = dirname(resolve(source.dir, expandHome(String(item.value))));
    const tree = load(makeSource('file', link.shown, text, directory, loading.done.size + links.length), links, loading);
    if (tree === undefined || tree.kind === 'map') return tree;
    loading.problems.add('E_CONFIG_TYPE', '', 'wrong type; expected a map of keys', tree.place);
  } catch (cause) {
    if (!(cause instanceof UnreadableError)) throw cause;
    const code = cause.tooLarge ? 'E_YAML_TOO_LARGE' : 'E_CONFIG_READ';
    loading.problems.add(code, 'extends', `cannot read ${printable(String(item.value))}: ${cause.message}`, item.place);
  }
  return undefined;
}

function isInside(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The path with links followed; the path itself where nothing is there yet. */
function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
