import { fileURLToPath } from 'node:url';
import { readFileBytes } from '../../storage/read.ts';

/** What may stand in place of the last word. */
export interface Candidate {
  text: string;
  describe?: string;
}

/** What of JSON Schema our schemas are made of. */
interface Schema {
  description?: string;
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema | false;
  prefixItems?: readonly Schema[];
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  enum?: readonly unknown[];
  const?: unknown;
  type?: string;
  /** Of what can hold itself, its place under `$defs`. */
  $ref?: string;
  $defs?: Readonly<Record<string, Schema>>;
}

/** Items of a list that are offered by their number. */
const ITEMS = 4;
const FILE = fileURLToPath(new URL('../../../../configs/schema/experiment.json', import.meta.url));
/** Of the schema. */
const MAX_BYTES = 2 ** 22;
const LEAD = /^(?:\+\+|\+|~)?/;

/**
 * What an override may be that begins so: keys with their `=`, maps with their dot, and behind `=` the values that a key takes.
 *
 * @param word  such as `optimizer.l` or `optimizer.type=ad`, perhaps with the sign that adds or removes
 */
export function overrideCandidates(word: string): Candidate[] {
  const root = JSON.parse(new TextDecoder().decode(readFileBytes(FILE, MAX_BYTES))) as Schema;
  const { below, childrenOf, variants } = lookInto(root);
  const sign = LEAD.exec(word)?.[0] ?? '';
  const text = word.slice(sign.length);
  const equals = text.indexOf('=');
  if (equals >= 0) {
    const key = text.slice(0, equals);
    const found = key.split('.').reduce((schemas, name) => schemas.flatMap((schema) => below(schema, name)), [root]);
    return [...new Set(found.flatMap(variants).flatMap(valuesOf))].map((value) => ({ text: `${sign}${key}=${value}` }));
  }
  const names = text.split('.').slice(0, -1);
  const place = names.reduce((schemas, name) => schemas.flatMap((schema) => below(schema, name)), [root]);
  const lead = names.map((name) => `${name}.`).join('');
  const found = new Map<string, Candidate>();
  for (const [name, schema] of place.flatMap(childrenOf)) {
    const hasKeys = variants(schema).some((variant) => variant.properties !== undefined || variant.items !== undefined);
    // A list can be given as a whole, too.
    const isValue = variants(schema).some((variant) => variant.properties === undefined);
    const describe = schema.description;
    const add = (end: string): void => {
      const full = `${sign}${lead}${name}${end}`;
      if (!found.has(full)) found.set(full, { text: full, ...(describe !== undefined && { describe }) });
    };
    if (hasKeys) add('.');
    if (sign === '~') add('');
    else if (isValue) add('=');
  }
  return [...found.values()];
}

/** How a schema is walked: what it refers to stands in the root's `$defs`. */
function lookInto({ $defs = {} }: Schema): {
  variants: (schema: Schema) => readonly Schema[];
  childrenOf: (schema: Schema) => [name: string, schema: Schema][];
  below: (schema: Schema, name: string) => Schema[];
} {
  const variants = (schema: Schema): readonly Schema[] => {
    if (schema.$ref !== undefined) return variants($defs[schema.$ref.replace('#/$defs/', '')] ?? {});
    const inner = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
    return inner.length === 0 ? [schema] : inner.flatMap(variants);
  };
  return {
    variants,
    childrenOf: (schema) =>
      variants(schema).flatMap(({ properties = {}, items }): [string, Schema][] => {
        if (items === undefined || items === false) return Object.entries(properties);
        return Array.from({ length: ITEMS }, (_, i) => [String(i), items]);
      }),
    below: (schema, name) =>
      variants(schema).flatMap(({ properties = {}, items }) => {
        if (items !== undefined && items !== false) return /^\d+$/.test(name) ? [items] : [];
        const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
        return child === undefined ? [] : [child];
      }),
  };
}

function valuesOf({ enum: values = [], const: value, type }: Schema): string[] {
  if (type === 'boolean') return ['true', 'false'];
  return [...values, ...(value === undefined ? [] : [value])].map(String);
}
