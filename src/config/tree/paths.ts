import { factsOf } from '../schema/key-facts.ts';
import { literalPath } from './path-text.ts';

/** Plain data of an experiment whose paths are as a file must say them. */
export function withLiteralPaths(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return factsOf(key).isPath || factsOf(key).isDirectory ? literalPath(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => withLiteralPaths(item, `${key}.${i}`));
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, withLiteralPaths(child, key === '' ? name : `${key}.${name}`)]),
  );
}
