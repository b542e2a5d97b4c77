import { factsOf } from '../schema/key-facts.ts';
import { childOf, type Outline } from '../schema/outline.ts';
import { dotted, type Node, type Path } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';
import { literalPath, pathFault } from './path-text.ts';

/** Plain data of an experiment whose paths are as a file must say them. */
export function withLiteralPaths(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return factsOf(key).isPath || factsOf(key).isDirectory ? literalPath(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => withLiteralPaths(item, `${key}.${i}`));
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, withLiteralPaths(child, key === '' ? name : `${key}.${name}`)]),
  );
}

/** Refuses paths that a shell would read otherwise. */
export function checkPaths(at: Outline | undefined, node: Node, problems: Problems, path: Path = []): void {
  if (node.kind === 'list') for (const [i, item] of node.items.entries()) checkPaths(childOf(at, node, i), item, problems, [...path, i]);
  else if (node.kind === 'map')
    for (const [key, { value }] of node.entries) checkPaths(childOf(at, node, key), value, problems, [...path, key]);
  else if ((at?.isPath === true || at?.isDirectory === true) && typeof node.value === 'string' && !problems.has(dotted(path))) {
    const fault = pathFault(node.value, node.place.source.kind);
    if (fault !== undefined) problems.add('E_CONFIG_VALUE', dotted(path), fault, node.place);
  }
}
