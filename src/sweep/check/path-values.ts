import path from 'node:path';
import { childOf, listOption, type Outline, outlineAt } from '../../config/schema/outline.ts';
import type { Entry, MapNode, Node, ScalarNode } from '../../config/text/node.ts';
import { expandHome, literalPath, pathFault } from '../../config/tree/path-text.ts';
import { experimentKeys } from './experiment-keys.ts';

/**
 * A sweep's tree whose values for keys that are paths are whole paths: a sweep goes on from the copy in its directory, and a path
 * relative to the file that said it would lead elsewhere from there. Faulty paths stay as they are; the trials tell of them.
 *
 * @param base  the experiment's tree
 */
export function withWholePaths(tree: MapNode, base: MapNode): MapNode {
  const keys = experimentKeys(base);
  const whole: Reading = (key, value) => withPathsOf(keys.get(key)?.at ?? outlineAt(base, key.split('.')), value);
  return mapped(tree, (section, value) => {
    if (section === 'parameters') return described(value, whole);
    if (section === 'zip') return mapped(value, (_, lists) => assigned(lists, whole));
    if (section === 'enqueue' && value.kind === 'list') return { ...value, items: value.items.map((item) => assigned(item, whole)) };
    return value;
  });
}

/** A value, or a list of values, of an experiment's key. */
type Reading = (key: string, value: Node) => Node;

/** A map of parameters, each with its description. */
function described(parameters: Node, whole: Reading): Node {
  return mapped(parameters, (key, description) => {
    if (description.kind !== 'map') return whole(key, description);
    return mapped(description, (part, value) => {
      if (part === 'when') return assigned(value, whole);
      return part === 'value' || part === 'values' ? whole(key, value) : value;
    });
  });
}

/** A map of keys with a value or a list of values each. */
function assigned(values: Node, whole: Reading): Node {
  return mapped(values, whole);
}

/** @param at  what a value is; a list may be a list of such values */
function withPathsOf(at: Outline | undefined, node: Node): Node {
  if (node.kind === 'list') {
    const isOne = (at?.items ?? listOption(at)) !== undefined;
    return {
      ...node,
      items: node.items.map((item) => withPathsOf(isOne && item.kind !== 'list' ? (childOf(at, node, 0) ?? at) : at, item)),
    };
  }
  if (node.kind === 'map') return mapped(node, (key, value) => withPathsOf(childOf(at, node, key), value));
  return at?.isPath === true ? wholePath(node) : node;
}

function wholePath(node: ScalarNode): Node {
  if (typeof node.value !== 'string' || node.value === '') return node;
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
