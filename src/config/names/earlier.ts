import { type Node, nodeAt } from '../text/node.ts';

/** Defaults that changed: what a file of an earlier version means where it says nothing. */
const EARLIER: ReadonlyMap<unknown, Readonly<Record<string, unknown>>> = new Map([
  [
    1,
    {
      'data.normalize': 'none',
      'data.split': { val: 0.1 },
      'data.split.val': 0.1,
      optimizer: { type: 'sgd' },
      'optimizer.type': 'sgd',
    },
  ],
]);

/**
 * An experiment's plain values, with the defaults of the version that it says it is of.
 *
 * @param tree  what was written: the values may have a newer default `type` in them
 */
export function withEarlierDefaults(value: unknown, tree: Node): unknown {
  if (!isMap(value)) return value;
  const earlier = Object.entries(EARLIER.get(value['version']) ?? {});
  return earlier.reduce<unknown>((all, [key, given]) => {
    const path = key.split('.');
    return nodeAt(tree, path) === undefined ? withValue(all, path, given) : all;
  }, value);
}

/** With a value at a path, if there is a map to hold it. */
function withValue(value: unknown, [key, ...rest]: readonly string[], given: unknown): unknown {
  if (!isMap(value) || key === undefined) return value;
  return { ...value, [key]: rest.length === 0 ? given : withValue(value[key], rest, given) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
