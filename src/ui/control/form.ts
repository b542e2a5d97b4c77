import { yamlOf } from '../../config/resolved.ts';
import type { Outline } from '../../config/schema/outline.ts';
import type { FormField } from '../work-protocol.ts';

/** More than any experiment of ours has: one of a thousand layers is changed key by key. */
const MOST_FIELDS = 600;
/** Of keys that stand in no block. */
const OUTSIDE = 'experiment';
/** A longer list is a text with suggestions. */
const MOST_CHOICES = 40;
/** A range that ends there ends nowhere that anybody goes. */
const ENDLESS = 1e15;

/**
 * The keys of what a schema describes as fields of a form: those that there are with their values, then those that there could be.
 *
 * @param value  resolved: with the variant of each union
 * @param skipped  keys of the first level that a form cannot change
 */
export function formFields(outline: Outline, value: unknown, skipped: readonly string[] = []): FormField[] {
  const found: FormField[] = [];
  visit(outline, value, '', (field) => {
    if (found.length < MOST_FIELDS && !skipped.includes(field.key.split('.')[0] ?? '')) found.push(field);
  });
  return found;
}

function visit(at: Outline, value: unknown, key: string, put: (field: FormField) => void): void {
  const map = mapOf(at, value);
  if (map !== undefined && isMap(value)) {
    const tags = tagsOf(at);
    for (const [name, child] of Object.entries(map.properties ?? {})) {
      const own = key === '' ? name : `${key}.${name}`;
      if (name === 'type' && child.const !== undefined) {
        // One variant, nothing to choose.
        if (tags.length > 1) put(fieldOf({ type: 'string', enum: tags, description: at.description ?? '' }, value[name], own));
      } else if (child.const === undefined) visit(child, value[name], own, put);
    }
    return;
  }
  const items = optionsOf(at).find((option) => option.items !== undefined)?.items;
  if (items !== undefined && Array.isArray(value) && value.length > 0 && value.every((item) => mapOf(items, item) !== undefined)) {
    for (const [i, item] of value.entries()) visit(items, item, `${key}.${i}`, put);
    return;
  }
  const held = optionsOf(at).find(({ additionalProperties }) => additionalProperties)?.additionalProperties;
  if (held && held.items !== undefined && isMap(value)) {
    for (const [name, child] of Object.entries(value)) visit(held, child, `${key}.${name}`, put);
    return;
  }
  put(fieldOf(at, value, key));
}

/** What is taken at a place: the schema itself, or the options of its union. */
function optionsOf(at: Outline): Outline[] {
  const options = [...(at.oneOf ?? []), ...(at.anyOf ?? [])];
  return options.length === 0 ? [at] : options.flatMap(optionsOf);
}

/** The map that a value is one of; undefined for what is no map with keys of its own. */
function mapOf(at: Outline, value: unknown): Outline | undefined {
  if (!isMap(value)) return undefined;
  const maps = optionsOf(at).filter(({ properties }) => properties !== undefined);
  const named = maps.find(({ properties }) => properties?.['type']?.const !== undefined && properties['type'].const === value['type']);
  return named ?? maps.find(({ properties = {} }) => Object.keys(value).every((name) => Object.hasOwn(properties, name)));
}

/** The tags of a union of maps. */
function tagsOf(at: Outline): string[] {
  return optionsOf(at)
    .flatMap(({ properties }) => properties?.['type']?.const ?? [])
    .map(String);
}

function fieldOf(at: Outline, value: unknown, key: string): FormField {
  const options = optionsOf(at);
  const words = options.flatMap(({ enum: several, const: only }) => several ?? (only === undefined ? [] : [only]));
  const flags = options.some(({ type }) => type === 'boolean') ? ['true', 'false'] : [];
  const choices = [...new Set([...words.map(String), ...flags, ...tagsOf(at)])].slice(0, MOST_CHOICES);
  const numbers = options.filter(({ type }) => type === 'number' || type === 'integer');
  const [number] = numbers;
  const isChosen = options.every(
    ({ type, enum: several, const: only }) => several !== undefined || only !== undefined || type === 'boolean',
  );
  const block = key.split('.')[0] ?? '';
  return {
    key,
    block: block === key ? OUTSIDE : block,
    control: isChosen ? 'choice' : numbers.length === options.length ? 'number' : 'text',
    isWhole: numbers.length > 0 && numbers.every(({ type }) => type === 'integer'),
    choices,
    least: number?.minimum ?? null,
    most: number?.maximum === undefined || number.maximum >= ENDLESS ? null : number.maximum,
    takes: takesOf(options, choices),
    description: at.description ?? '',
    value: value === undefined ? '' : textOf(value),
  };
}

/** In words what may be written: `a number above 0, or auto`. */
function takesOf(options: readonly Outline[], choices: readonly string[]): string {
  const words = options.flatMap((option): string[] => {
    const { type, form, properties, items } = option;
    if (type === 'number' || type === 'integer') return [`${type === 'integer' ? 'a whole number' : 'a number'}${rangeOf(option)}`];
    if (form !== undefined) return [form];
    if (properties !== undefined) return Object.keys(properties).length === 0 ? [] : [`{${Object.keys(properties).join(', ')}}`];
    if (items !== undefined) return ['a list'];
    return type === 'string' && option.enum === undefined && option.const === undefined ? ['a text'] : [];
  });
  return [...new Set([...words, ...(choices.length > 0 ? [choices.join(', ')] : [])])].join(', or ');
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Outline): string {
  const low = exclusiveMinimum === undefined ? (minimum === undefined ? '' : ` from ${minimum}`) : ` above ${exclusiveMinimum}`;
  const isBounded = maximum !== undefined && maximum < ENDLESS;
  const high = exclusiveMaximum === undefined ? (isBounded ? ` to ${maximum}` : '') : ` below ${exclusiveMaximum}`;
  return low + high;
}

/** As it is written behind `key=`. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? flow(value) : yamlOf(value, { blockQuote: false }).trimEnd();
}

/** JSON is YAML; without the quotes that words do not need it is what people write. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (isMap(value)) {
    const parts = Object.entries(value).flatMap(([key, child]) => (child === undefined ? [] : [`${key}: ${flow(child)}`]));
    return `{${parts.join(', ')}}`;
  }
  return typeof value === 'string' && !/^[A-Za-z_./][\w./-]*$/.test(value)
    ? JSON.stringify(value)
    : yamlOf(value, { blockQuote: false }).trimEnd();
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
