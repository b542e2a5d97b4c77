import { printable } from '../../errors.ts';
import { type Node, valueAt } from '../text/node.ts';
import { type Place, position } from '../text/source.ts';

/** Who decided a value. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'command line'; readonly argument: string }
  | { readonly kind: 'object' };

/** `exp.yaml:4`, `command line: optimizer.lr=3e-3`; without an origin it is the default. */
export function originText(origin: Origin | undefined): string {
  switch (origin?.kind) {
    case 'file':
      return `${printable(origin.file)}:${origin.line}`;
    case 'command line':
      return `command line: ${printable(origin.argument)}`;
    case 'object':
      return 'given';
    case 'default':
    case undefined:
      return 'default';
  }
}

/** Where values of files and arguments are written: an origin is told to users and programs, its text only to errors. */
const PLACES = new WeakMap<Origin, Place>();

/** Where what decided a value is written; undefined for a default. */
export function placeOfOrigin(origin: Origin): Place | undefined {
  return PLACES.get(origin);
}

/** The origin of each value within a resolved one by dotted path; an empty list or map counts as a value. */
export function originsOf(resolved: unknown, tree: Node): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  collect(resolved, tree, '', origins);
  return origins;
}

function collect(value: unknown, node: Node | undefined, path: string, origins: Map<string, Origin>): void {
  const children = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  for (const [key, child] of children) collect(child, valueAt(node, key), path === '' ? key : `${path}.${key}`, origins);
  if (children.length === 0) origins.set(path, originOf(node));
}

function originOf(node: Node | undefined): Origin {
  if (node === undefined) return { kind: 'default' };
  const origin = ofPlace(node.place);
  PLACES.set(origin, node.place);
  return origin;
}

function ofPlace(place: Place): Origin {
  const { source } = place;
  if (source.kind === 'object') return { kind: 'object' };
  if (source.kind === 'command line') return { kind: 'command line', argument: source.text };
  return { kind: 'file', file: source.name, ...position(place) };
}
