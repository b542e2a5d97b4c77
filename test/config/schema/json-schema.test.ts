import test from 'ava';
import { z } from 'zod';
import { experimentJsonSchema } from '../../../src/config/schema/json-schema.ts';
import { type Outline, outline } from '../../../src/config/schema/outline.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object may be a JSON Schema
const schema = z.fromJSONSchema(experimentJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const minimal = { data: { source: 'mnist' }, model: { layers: [{ type: 'dense', units: 3 }] } };

const accepted: { title: string; input: object }[] = [
  { title: 'a bare word for a source', input: minimal },
  { title: 'a map for a source', input: { ...minimal, data: { source: { type: 'mnist' } } } },
  { title: 'extends as a path', input: { ...minimal, extends: './base.yaml' } },
  { title: 'extends as a list', input: { ...minimal, extends: ['a.yaml', 'b.yaml'] } },
  { title: 'a bare word for an optimizer', input: { ...minimal, optimizer: 'sgd' } },
  { title: 'an optimizer without type', input: { ...minimal, optimizer: { lr: 0.1 } } },
];

const refused: { title: string; input: object }[] = [
  { title: 'an unknown key', input: { ...minimal, sed: 1 } },
  { title: 'an unknown bare word', input: { ...minimal, optimizer: 'sdg' } },
  { title: 'a bare word for a source that needs more', input: { ...minimal, data: { source: 'idx' } } },
  { title: 'a number as text', input: { ...minimal, seed: '1' } },
];

for (const { title, input } of accepted) test(`the JSON Schema accepts ${title}`, (t) => t.true(schema.safeParse(input).success));
for (const { title, input } of refused) test(`the JSON Schema refuses ${title}`, (t) => t.false(schema.safeParse(input).success));

test('the JSON Schema has descriptions and defaults, and no id or $ref at its root', (t) => {
  const root = experimentJsonSchema() as {
    $schema?: string;
    $ref?: string;
    $id?: string;
    properties?: Record<string, { default?: unknown; description?: string }>;
  };
  t.is(root.$schema, 'https://json-schema.org/draft/2020-12/schema');
  t.is(root.$ref, undefined);
  t.is(root.$id, undefined);
  t.is(root.properties?.['seed']?.default, 0);
  t.truthy(root.properties?.['seed']?.description);
});

test('every key of the schema has a description', (t) => {
  const bare: string[] = [];
  const seen = new Set<Outline>();
  const visit = (at: Outline, place: string): void => {
    if (seen.has(at)) return;
    seen.add(at);
    for (const option of [...(at.oneOf ?? []), ...(at.anyOf ?? [])]) visit(option, place);
    if (at.items !== undefined) visit(at.items, place);
    for (const [key, child] of Object.entries(at.properties ?? {})) {
      if (child.description === undefined && key !== 'type') bare.push(`${place}.${key}`);
      visit(child, `${place}.${key}`);
    }
  };
  visit(outline, '');
  t.deepEqual(bare, []);
});

test('the JSON Schema holds only keywords of JSON Schema', (t) => {
  const text = JSON.stringify(experimentJsonSchema());
  t.false(text.includes('isPath'));
  t.false(text.includes('exclusive"'));
  t.false(text.includes('impliedBy'));
  t.false(text.includes('"name":"layer"'));
});

test('what can hold itself stands once, and is referred to wherever it may stand', (t) => {
  const schema = experimentJsonSchema() as { $defs: { layer: Outline }; properties: { model: Outline } };
  const layer = { $ref: '#/$defs/layer' };
  t.deepEqual(Object.keys(schema.$defs), ['layer']);
  t.like(schema.properties.model.properties?.['layers'], { type: 'array', items: layer });
  t.like(schema.properties.model.properties?.['blocks'], { additionalProperties: { type: 'array', items: layer } });
  const variants = new Map(schema.$defs.layer.oneOf?.map((variant) => [variant.properties?.['type']?.const, variant]));
  t.like(variants.get('repeat')?.properties?.['layers'], { items: layer });
  t.deepEqual(variants.get('repeat')?.required, ['repeat']);
  t.deepEqual(variants.get('residual')?.required, ['residual']);
  t.deepEqual(variants.get('conv2d')?.required, ['type', 'filters', 'kernel']);
});
