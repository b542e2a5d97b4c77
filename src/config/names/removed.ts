import { keyPlaceAt, type MapNode, type Node, nodeAt, type Path } from '../text/node.ts';
import type { Place } from '../text/source.ts';

interface Removed {
  key: string;
  values: readonly string[];
  /** The last version that has them. */
  version: string;
  /** What is there now. */
  now: string;
}

/** Values of earlier versions: files and runs that have them are told the way on. */
const REMOVED: readonly Removed[] = [{ key: 'numerics.engine', values: ['wasm-fma', 'blas'], version: '0.1', now: 'wasm' }];

/**
 * What to say of a value, or of one of several with commas between, that a key no longer has; undefined for what it never had.
 *
 * @param key    a dotted path
 * @param shown  the value as it was given
 */
export function aboutRemoved(key: string, value: string, shown: string): { message: string; next: string } | undefined {
  for (const { key: one, values, version, now } of REMOVED) {
    const word = value.split(',').find((part) => values.includes(normal(part)));
    if (one !== key || word === undefined) continue;
    const old = normal(word);
    return {
      message: `${old} was removed after gradloom ${version}; got ${shown}; expected ${now}`,
      next: `${key}: ${now} for a new run, whose last bits differ; gradloom ${version} resumes and verifies what was begun with ${old}`,
    };
  }
  return undefined;
}

/** Changes that put today's values in the place of removed ones: for experiments that are read, but not trained. */
export function replacingRemoved(tree: MapNode): { path: Path; key: Place; value: Node }[] {
  return REMOVED.flatMap(({ key, values, now }) => {
    const path = key.split('.');
    const node = nodeAt(tree, path);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || !values.includes(normal(node.value))) return [];
    return [{ path, key: keyPlaceAt(tree, path), value: { ...node, value: now, raw: now } }];
  });
}

function normal(value: string): string {
  return value.trim().toLowerCase().replaceAll('_', '-');
}
