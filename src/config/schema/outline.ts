import * as z from 'zod';
import { type Node, type Path, typeOf, valueAt } from '../text/node.ts';
import { experimentSchema } from './schema.ts';

/** The part of JSON Schema that zod writes for the experiment: how the rest of the loader sees the schema. */
export interface Outline {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  description?: string;
  default?: unknown;
  properties?: Record<string, Outline>;
  required?: string[];
  /** Of a map whose keys are free: what each value is. */
  additionalProperties?: Outline | false;
  items?: Outline;
  anyOf?: Outline[];
  oneOf?: Outline[];
  const?: string | number | boolean;
  enum?: (string | number | boolean)[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  /** A relative path counts from the file that says it. */
  isPath?: boolean;
  /** A path too, but a relative one counts from the working directory of whoever uses it. */
  isDirectory?: boolean;
  /** These are read by `key-facts.ts`, which says what they mean. */
  kind?: 'result' | 'execution' | 'label';
  isRecorded?: boolean;
  isData?: boolean;
  isLength?: boolean;
  /** What the fraction 1.0 of the rows is called: as a number it would be the count 1. */
  whole?: string;
  /** What a pattern means, in words. */
  form?: string;
  /** Keys of which at most one may be given. */
  exclusive?: string[];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a boundary: zod's type for any JSON Schema is wider than what it writes for ours
export const outline = z.toJSONSchema(experimentSchema, { io: 'input' }) as Outline;

/** For a file that is read once: to make code for its schema takes longer than it saves. */
export const READ_ONCE = { jitless: true } as const;

/** The variants of a `type:`-tagged union by tag; undefined for anything else. */
export function variantsOf(at: Outline | undefined): ReadonlyMap<string, Outline> | undefined {
  if (at?.oneOf === undefined) return undefined;
  const variants = new Map<string, Outline>();
  for (const variant of at.oneOf) {
    const tag = variant.properties?.['type']?.const;
    if (typeof tag !== 'string') return undefined;
    variants.set(tag, variant);
  }
  return variants;
}

/** The variant a union takes when `type` is left out. */
export function defaultType(at: Outline | undefined): string | undefined {
  const value = at?.default;
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' ? value.type : undefined;
}

/** The tag of the variant that a value is, also when it leaves `type` to the default. */
export function effectiveType(at: Outline | undefined, node: Node | undefined): string | undefined {
  return valueAt(node, 'type') === undefined ? defaultType(at) : typeOf(node);
}

/** The maps that a value may be: one for an object, the chosen variant for a tagged union, all for an untagged one. */
export function mapsFor(at: Outline | undefined, node: Node | undefined): readonly Outline[] {
  if (at === undefined) return [];
  if (at.properties !== undefined) return [at];
  const variants = variantsOf(at);
  if (variants !== undefined) {
    const variant = variants.get(effectiveType(at, node) ?? '');
    return variant === undefined ? [] : [variant];
  }
  return (at.anyOf ?? []).filter((option) => option.properties !== undefined);
}

/** The list among the options of a union. */
export function listOption(at: Outline | undefined): Outline | undefined {
  return at?.anyOf?.find((option) => option.items !== undefined);
}

/** The schema of one key of a value (or item of a list). */
export function childOf(at: Outline | undefined, node: Node | undefined, key: string | number): Outline | undefined {
  if (at?.items !== undefined) return at.items;
  if (node?.kind === 'list') return listOption(at)?.items;
  for (const map of mapsFor(at, node)) {
    const child = Object.hasOwn(map.properties ?? {}, key) ? map.properties?.[key] : undefined;
    if (child !== undefined) return child;
  }
  return at?.additionalProperties === false ? undefined : at?.additionalProperties;
}

/**
 * The schema at a path of a tree.
 *
 * @param schema  of the kind of file that the tree is
 */
export function outlineAt(root: Node, path: Path, schema = outline): Outline | undefined {
  let at: Outline | undefined = schema;
  let node: Node | undefined = root;
  for (const key of path) {
    at = childOf(at, node, key);
    node = valueAt(node, key);
  }
  return at;
}

/** Keys of which a value may have only one: `epochs` and `steps` of a length, or the options of an untagged union of maps. */
export function exclusiveKeys(at: Outline | undefined, node: Node | undefined): readonly string[] {
  const maps = mapsFor(at, node);
  if (maps.length === 1) return maps[0]?.exclusive ?? [];
  return maps.flatMap((map) => Object.keys(map.properties ?? {}));
}
