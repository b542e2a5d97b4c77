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

/** The schema as a user may write it: bare words for tagged maps, default tags left out, without our own keywords. */
export function forEditors(at: Outline): Outline {
  const {
    isPath: _isPath,
    isDirectory: _isDirectory,
    form: _form,
    whole: _whole,
    exclusive: _exclusive,
    properties,
    additionalProperties,
    items,
    anyOf,
    oneOf,
    ...own
  } = at;
  return {
    ...own,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, forEditors(child)])) }),
    ...(additionalProperties !== undefined && { additionalProperties: additionalProperties && forEditors(additionalProperties) }),
    ...(items && { items: forEditors(items) }),
    ...(anyOf && { anyOf: anyOf.map(forEditors) }),
    ...(oneOf && { oneOf: [...bareWords(at), ...oneOf.map((variant) => untaggedDefault(forEditors(variant), defaultType(at)))] }),
  };
}

/** The variants that need nothing but their name. */
function bareWords(at: Outline): Outline[] {
  const words = [...(variantsOf(at) ?? [])].filter(([, variant]) => variant.required?.join() === 'type').map(([tag]) => tag);
  return words.length === 0 ? [] : [{ type: 'string', enum: words, description: 'short for {type: ...}' }];
}

/** The default variant may leave its tag out. */
function untaggedDefault(variant: Outline, type: string | undefined): Outline {
  if (type === undefined || variant.properties?.['type']?.const !== type) return variant;
  return { ...variant, required: (variant.required ?? []).filter((key) => key !== 'type') };
}
