import { childOf, effectiveType, type Outline } from '../schema/outline.ts';
import type { Node } from '../text/node.ts';
import type { Source } from '../text/source.ts';

/** How paths are read: by this machine's system, or not at all where there are no files. */
export interface PathReading {
  /** What is wrong with a path as it is written. */
  fault: (text: string, kind: Source['kind']) => string | undefined;
  /** A path that does not depend on where the process stands. */
  absolute: (directory: string, text: string) => string;
  /** A path that counts from where the process stands. */
  expanded: (text: string) => string;
}

/** Paths stay as they are written: nothing is read by them. */
export const PATHS_AS_WRITTEN: PathReading = { fault: () => undefined, absolute: (_, text) => text, expanded: (text) => text };

/** The plain value of a tree, for the validation: default `type`s filled in, relative paths made absolute. */
export function plain(at: Outline | undefined, node: Node, paths: PathReading): unknown {
  if (node.kind === 'list') return node.items.map((item, i) => plain(childOf(at, node, i), item, paths));
  if (node.kind === 'scalar') {
    const { value } = node;
    if (at?.whole !== undefined && isWholeFraction(node)) return at.whole;
    if (typeof value !== 'string' || value === '') return value;
    if (at?.isPath === true) return paths.absolute(node.place.source.dir, value);
    return at?.isDirectory === true ? paths.expanded(value) : value;
  }
  const value: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) value[key] = plain(childOf(at, node, key), entry.value, paths);
  const type = effectiveType(at, node);
  if (type !== undefined && !node.entries.has('type')) value['type'] = type;
  return value;
}

/** Whether a value is 1 written as a fraction: `1.0`, `1e0`, `!!float 1`; YAML's numbers cannot tell it from the count 1. */
export function isWholeFraction(node: Node | undefined): boolean {
  return node?.kind === 'scalar' && node.value === 1 && /[.e]|^!!float/i.test(node.raw);
}
