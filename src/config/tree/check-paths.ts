import { childOf, type Outline } from '../schema/outline.ts';
import { dotted, type Node, type Path } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';
import type { PathReading } from './plain.ts';

/** Refuses paths that a shell would read otherwise. */
export function checkPaths(at: Outline | undefined, node: Node, problems: Problems, paths: PathReading, path: Path = []): void {
  if (node.kind === 'list')
    for (const [i, item] of node.items.entries()) checkPaths(childOf(at, node, i), item, problems, paths, [...path, i]);
  else if (node.kind === 'map')
    for (const [key, { value }] of node.entries) checkPaths(childOf(at, node, key), value, problems, paths, [...path, key]);
  else if ((at?.isPath === true || at?.isDirectory === true) && typeof node.value === 'string' && !problems.has(dotted(path))) {
    const fault = paths.fault(node.value, node.place.source.kind);
    if (fault !== undefined) problems.add('E_CONFIG_VALUE', dotted(path), fault, node.place);
  }
}
