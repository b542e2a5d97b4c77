import * as z from 'zod';
import { type Node, type Path, typeOf, valueAt } from '../text/node.ts';
import { experimentSchema } from './schema.ts';

/**
 * The part of JSON Schema that zod writes for the experiment: how the rest of the loader sees the schema. What can hold itself, as a layer that
 * is several layers, is one object, which is met again inside: it has a `name`.
 */
export interface Outline {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  description?: string;
  default?: unknown;
  properties?: Record<string, Outline>;
  required?: string[];
  /** Of a map whose keys are free: what each value is. */
  additionalProperties?: Outline | false;
  /** Of such a map, what each key is. */
  propertyNames?: Outline;
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
  /** The key by which a variant of a union is known where `type` is left out. */
  impliedBy?: string;
  /** Of what can hold itself. */
  name?: string;
}

/** Of an experiment. */
export const outline = outlineOf(experimentSchema);

/** How the loader sees the schema of a kind of file. */
export function outlineOf(schema: z.ZodType): Outline {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a boundary: zod's type for any JSON Schema is wider than what it writes for ours
  return withoutReferences(z.toJSONSchema(schema, { io: 'input' }) as Referring);
}

/** What zod writes: a schema that can hold itself is referred to. */
type Referring = Outline & { $ref?: string; $defs?: Record<string, Referring>; prefixItems?: Outline[] };

/** Puts what is referred to in the place of each reference; the items of a tuple, all of one kind in our schemas, become those of a list. */
function withoutReferences({ $defs: definitions = {}, ...schema }: Referring): Outline {
  const done = new Map<Referring, Outline>();
  const resolved = (at: Referring): Outline => {
    const known = done.get(at);
    if (known !== undefined) return known;
    const { $ref: reference, ...ofPlace } = at;
    if (reference !== undefined) {
      const held = resolved(definitions[reference.replace('#/$defs/', '')] ?? {});
      return Object.keys(ofPlace).length === 0 ? held : { ...held, ...ofPlace };
    }
    const { prefixItems, ...rest } = at;
    const copy: Outline = { ...rest };
    done.set(at, copy);
    if (at.properties) copy.properties = mapped(at.properties);
    if (at.additionalProperties) copy.additionalProperties = resolved(at.additionalProperties);
    const items = prefixItems?.[0] ?? at.items;
    if (items) copy.items = resolved(items);
    if (at.anyOf) copy.anyOf = at.anyOf.map(resolved);
    if (at.oneOf) copy.oneOf = at.oneOf.map(resolved);
    return copy;
  };
  const mapped = (all: Record<string, Outline>): Record<string, Outline> =>
    Object.fromEntries(Object.entries(all).map(([key, child]) => [key, resolved(child)]));
  return resolved(schema);
}

/** For a file that is read once: to make code for its schema takes longer than it saves. */
export const READ_ONCE = { jitless: true } as const;

/** The variants of each union that was looked at. */
const knownVariants = new WeakMap<readonly Outline[], ReadonlyMap<string, Outline> | undefined>();

/** The variants of a `type:`-tagged union by tag; undefined for anything else. */
export function variantsOf(at: Outline | undefined): ReadonlyMap<string, Outline> | undefined {
  if (at?.oneOf === undefined) return undefined;
  if (!knownVariants.has(at.oneOf)) knownVariants.set(at.oneOf, taggedVariants(at.oneOf));
  return knownVariants.get(at.oneOf);
}

function taggedVariants(options: readonly Outline[]): ReadonlyMap<string, Outline> | undefined {
  const variants = new Map<string, Outline>();
  for (const variant of options) {
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

/** The tag of the variant that a value is, also when it leaves `type` to its other keys or to the default. */
export function effectiveType(at: Outline | undefined, node: Node | undefined): string | undefined {
  return valueAt(node, 'type') === undefined ? (impliedType(at, node) ?? defaultType(at)) : typeOf(node);
}

/** The tag of the variant that a value without `type` is by one of its keys: `{repeat: 3, layers: [...]}`. */
export function impliedType(at: Outline | undefined, node: Node | undefined): string | undefined {
  for (const [tag, { impliedBy }] of variantsOf(at) ?? []) {
    const value = impliedBy === undefined ? undefined : valueAt(node, impliedBy);
    // `residual: true` is a key of layers, too.
    if (value !== undefined && !(value.kind === 'scalar' && typeof value.value === 'boolean')) return tag;
  }
  return undefined;
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
