// An example of each key: the least that a file must say for it, with a value that shows what it is for.
import { Document } from 'yaml';
import { BESIDE, VALUES } from './values.mjs';

/** The name that a map of free names has in the example of a key in it. */
const FREE_KEYS = {
  'parameters.<key>.a': 'loss.label_smoothing',
  'parameters.<key>.b': 'loss.label_smoothing',
  'parameters.<key>.when': 'optimizer.momentum',
};

/** What the file says that an example is a line of. */
const SAID = ['data.source', 'model.layers'];

/** What stands behind a layer that gives a picture. */
const OUTPUT = { type: 'dense', units: 10 };
const endsFlat = (id) => !id.startsWith('model.layers.0{') || /^model\.layers\.0\{(?:dense|block|repeat)\}/.test(id);

/**
 * The text of an example, which stands in a file as it is, beside a source and layers or a base.
 *
 * @param {import('./walk.mjs').Key | import('./walk.mjs').Type} told
 * @param value  of the key; by default one that suits it
 */
export function exampleOf({ id, at, trail }, value = suitable(id, at)) {
  const whole = trail.reduceRight((inner, { key }, i) => {
    if (key === '0') return [inner, ...(endsFlat(id) ? [] : [OUTPUT])];
    if (key === '<key>') return { [FREE_KEYS[id] ?? 'optimizer.lr']: inner };
    return i === 0 ? { [key]: inner } : { ...neededBeside(trail.slice(0, i), key), [key]: inner };
  }, value);
  return inFlow(merged(whole, BESIDE[id] ?? {}));
}

/** What a map at the end of a trail needs beside a key: its type and the keys that have no default. */
function neededBeside(trail, key) {
  const { at, variant = at } = trail.at(-1);
  const { type, ...others } = variant.properties ?? {};
  const required = Object.entries(others).filter(
    ([name]) =>
      name !== key && (variant.required ?? []).includes(name) && !(trail.length === 1 && SAID.includes(`${trail[0].key}.${name}`)),
  );
  const id = idOf(trail);
  return {
    ...(type?.const !== undefined && key !== 'type' && variant.impliedBy === undefined && { type: type.const }),
    ...Object.fromEntries(required.map(([name, child]) => [name, suitable(`${id}.${name}`, child)])),
  };
}

function idOf(trail) {
  return trail.map(({ key, variant }) => (variant?.properties.type ? `${key}{${variant.properties.type.const}}` : key)).join('.');
}

/** The least that a variant of a union needs: its name alone, or a map. */
export function valueOfType({ id, word, variant }) {
  const needed = Object.entries(variant.properties).filter(([key]) => key !== 'type' && (variant.required ?? []).includes(key));
  if (needed.length === 0) return word;
  return {
    ...(variant.impliedBy === undefined && { type: word }),
    ...Object.fromEntries(needed.map(([key, child]) => [key, suitable(`${id}.${key}`, child)])),
  };
}

/** A value that a key may have, not its default where there is another. */
function suitable(id, at) {
  const chosen = [VALUES[id], VALUES[id.slice(id.lastIndexOf('.') + 1)]].find((value) => value !== undefined && fits(at, value));
  if (chosen !== undefined) return chosen;
  if (at.const !== undefined) return at.const;
  if (at.enum !== undefined) return at.enum.find((word) => word !== at.default) ?? at.enum[0];
  if (at.oneOf !== undefined) return valueOfType({ id, word: at.oneOf[0].properties.type.const, variant: at.oneOf[0] });
  if (at.anyOf !== undefined) return suitable(id, at.anyOf[0]);
  if (at.items !== undefined) return [suitable(`${id}.0`, at.items)];
  if (at.type === 'boolean') return at.default !== true;
  if (at.type === 'object') {
    const keys = at.required ?? Object.keys(at.properties ?? {}).slice(0, 1);
    return Object.fromEntries(keys.map((key) => [key, suitable(`${id}.${key}`, at.properties[key])]));
  }
  if (at.type === 'string') return 'text';
  return at.type === 'integer' && at.default > 0 ? Math.min(2 * at.default, at.maximum) : (at.default ?? at.minimum ?? 1);
}

/** Whether a value is of a kind that the schema has there. */
function fits(at, value) {
  const options = at.anyOf ?? [at];
  const isList = Array.isArray(value);
  return options.some(({ type, oneOf, additionalProperties, items, properties }) => {
    if (oneOf !== undefined) return typeof value === 'object' ? !isList : oneOf.some((variant) => variant.properties.type?.const === value);
    if (isList) return items !== undefined || type === 'array';
    if (typeof value === 'object') return properties !== undefined || Boolean(additionalProperties);
    return type === typeof value || (type === 'integer' && typeof value === 'number') || type === undefined;
  });
}

function merged(value, more) {
  if (Array.isArray(value) && Array.isArray(more)) return value.map((item, i) => merged(item, more[i] ?? {}));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(more).map(([key, own]) => [key, key in value ? merged(value[key], own) : own]);
  return { ...value, ...Object.fromEntries(entries) };
}

/** `optimizer: {type: sgd, lr: 0.05}`; on the page in one line each. */
function inFlow(map) {
  return Object.entries(map)
    .map(([key, value]) => {
      const document = new Document({ [key]: value });
      const { value: inner } = document.contents.items[0];
      if (typeof value === 'object') inner.flow = true;
      return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim();
    })
    .join('\n');
}
