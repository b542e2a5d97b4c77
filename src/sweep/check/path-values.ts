import path from 'node:path';
import type { Entry, MapNode, Node } from '../../config/text/node.ts';
import { expandHome, literalPath, pathFault } from '../../config/tree/path-text.ts';
import { experimentKeys } from './experiment-keys.ts';

/**
 * A sweep's tree whose values for keys that are paths are whole paths: a sweep goes on from the copy in its directory, and a path
 * relative to the file that said it would lead elsewhere from there. Faulty paths stay as they are; the trials tell of them.
 *
 * @param base  the experiment's tree
 */
export function withWholePaths(tree: MapNode, base: MapNode): MapNode {
  const paths = new Set([...experimentKeys(base)].flatMap(([key, { at }]) => (at.isPath === true ? [key] : [])));
  return mapped(tree, (section, value) => {
    if (section === 'parameters') return described(value, paths);
    if (section === 'zip') return mapped(value, (_, lists) => assigned(lists, paths));
    if (section === 'enqueue' && value.kind === 'list') return { ...value, items: value.items.map((item) => assigned(item, paths)) };
    return value;
  });
}

/** A map of parameters, each with its description. */
function described(parameters: Node, paths: ReadonlySet<string>): Node {
  return mapped(parameters, (key, description) => {
    if (description.kind !== 'map') return paths.has(key) ? whole(description) : description;
    return mapped(description, (part, value) => {
      if (part === 'when') return assigned(value, paths);
      return (part === 'value' || part === 'values') && paths.has(key) ? whole(value) : value;
    });
  });
}

/** A map of keys with a value or a list of values each. */
function assigned(values: Node, paths: ReadonlySet<string>): Node {
  return mapped(values, (key, value) => (paths.has(key) ? whole(value) : value));
}

function whole(node: Node): Node {
  if (node.kind === 'list') return { ...node, items: node.items.map(whole) };
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '') return node;
  const { source } = node.place;
  if (pathFault(node.value, source.kind) !== undefined) return node;
  const value = literalPath(path.resolve(source.dir, expandHome(node.value)));
  return { ...node, value, raw: value };
}

function mapped<T extends Node>(node: T, change: (key: string, value: Node) => Node): T {
  if (node.kind !== 'map') return node;
  const entries = [...node.entries].map(([key, entry]): [string, Entry] => [key, { ...entry, value: change(key, entry.value) }]);
  return { ...node, entries: new Map(entries) };
}
