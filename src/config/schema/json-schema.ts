import { defaultType, type Outline, outline, variantsOf } from './outline.ts';

/**
 * The JSON Schema (draft 2020-12) of an experiment file, for editors and `gradloom schema`: what a user may write,
 * with the bare words that stand for `{type: word}` and the top-level `extends`.
 */
export function experimentJsonSchema(): object {
  const { properties, ...root } = forEditors(outline);
  const file = { type: 'string', minLength: 1, description: 'a file to merge below this one; relative, and inside its directory' };
  const files = {
    oneOf: [file, { type: 'array', items: file, maxItems: 16 }],
    description: 'files whose values this one builds on; the later ones win',
  };
  return { ...root, title: 'gradloom experiment', properties: { extends: files, ...properties } };
}

/** JSON Schema as an editor reads it: what can hold itself stands under `$defs`. */
type EditorSchema = Outline & { $ref?: string; $defs?: Record<string, EditorSchema> };

/** The schema as a user may write it: bare words for tagged maps, default tags left out, without our own keywords. */
export function forEditors(at: Outline): EditorSchema {
  const $defs: Record<string, EditorSchema> = {};
  const schema = written(at, $defs);
  return Object.keys($defs).length === 0 ? schema : { ...schema, $defs };
}

function written(at: Outline, $defs: Record<string, EditorSchema>): EditorSchema {
  const { name, ...rest } = at;
  if (name === undefined) return writtenOut(rest, $defs);
  const { description, ...held } = rest;
  if (!Object.hasOwn($defs, name)) {
    // Before what is inside, which refers to it.
    $defs[name] = {};
    $defs[name] = writtenOut(held, $defs);
  }
  return { $ref: `#/$defs/${name}`, ...(description !== undefined && { description }) };
}

function writtenOut(at: Outline, $defs: Record<string, EditorSchema>): EditorSchema {
  const {
    isPath: _isPath,
    isDirectory: _isDirectory,
    form: _form,
    whole: _whole,
    exclusive: _exclusive,
    impliedBy: _impliedBy,
    properties,
    additionalProperties,
    propertyNames,
    items,
    anyOf,
    oneOf,
    ...own
  } = at;
  const inner = (child: Outline): EditorSchema => written(child, $defs);
  return {
    ...own,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, inner(child)])) }),
    ...(additionalProperties !== undefined && { additionalProperties: additionalProperties && inner(additionalProperties) }),
    ...(propertyNames && { propertyNames: inner(propertyNames) }),
    ...(items && { items: inner(items) }),
    ...(anyOf && { anyOf: anyOf.map(inner) }),
    ...(oneOf && { oneOf: [...bareWords(at), ...oneOf.map((variant) => withoutNeedlessTag(inner(variant), variant, defaultType(at)))] }),
  };
}

/** The variants that need nothing but their name. */
function bareWords(at: Outline): Outline[] {
  const words = [...(variantsOf(at) ?? [])].filter(([, variant]) => variant.required?.join() === 'type').map(([tag]) => tag);
  return words.length === 0 ? [] : [{ type: 'string', enum: words, description: 'short for {type: ...}' }];
}

/** The default variant, and one that another key tells, may leave its tag out. */
function withoutNeedlessTag(schema: EditorSchema, { properties, impliedBy }: Outline, defaultTag: string | undefined): EditorSchema {
  const isDefault = defaultTag !== undefined && properties?.['type']?.const === defaultTag;
  if (!isDefault && impliedBy === undefined) return schema;
  return { ...schema, required: (schema.required ?? []).filter((key) => key !== 'type') };
}
