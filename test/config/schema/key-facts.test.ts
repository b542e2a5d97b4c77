import test from 'ava';
import { factsOf, type KeyFacts, withoutKeys } from '../../../src/config/schema/key-facts.ts';
import { type Outline, outline } from '../../../src/config/schema/outline.ts';

/** Every key that a file may say, with the list items and free names of maps as `0`. */
function keysOf(schema: Outline, at = '', seen = new Set<Outline>()): string[] {
  if (isSeen(schema, seen)) return [];
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  const named: [string, Outline][] = [
    ...Object.entries(properties),
    ...[items, additionalProperties || undefined].flatMap((of): [string, Outline][] => (of ? [['0', of]] : [])),
  ];
  const own = named.flatMap(([name, child]) => {
    const key = at === '' ? name : `${at}.${name}`;
    return [key, ...keysOf(child, key, seen)];
  });
  return [...new Set([...own, ...[...anyOf, ...oneOf].flatMap((variant) => keysOf(variant, at, seen))])];
}

/** Whether something that can hold itself was looked into before. */
function isSeen(schema: Outline, seen: Set<Outline>): boolean {
  if (schema.name === undefined) return false;
  return seen.has(schema) || !seen.add(schema);
}

const KEYS = keysOf(outline);
const without = (fact: (facts: KeyFacts) => boolean): string[] => KEYS.filter((key) => fact(factsOf(key)));

test('what a key is stands in the schema: these are not of the result, all others are', (t) => {
  t.true(KEYS.length > 150, `${KEYS.length} keys`);
  t.deepEqual(
    without(({ kind }) => kind === 'label'),
    ['name', 'tags', 'tags.0', 'track.dir', 'track.notes'],
  );
  const execution = without(({ kind }) => kind === 'execution');
  t.true(
    execution.every((key) => /^(?:parallel|track|train\.checkpoint)(?:\.|$)/.test(key)),
    execution.join(),
  );
  for (const key of ['parallel.workers', 'track.log_every.steps', 'train.checkpoint.best.metric', 'train.checkpoint.keep'])
    t.true(execution.includes(key), key);
});

test('the schema says of no key two kinds, in whatever variant it stands', (t) => {
  const said = new Map<string, Set<string>>();
  const seen = new Set<Outline>();
  const collect = (schema: Outline, at: string, above: string): void => {
    if (isSeen(schema, seen)) return;
    const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
    const children = [
      ...Object.entries(properties),
      ...[items || undefined, additionalProperties || undefined].map((of) => ['0', of] as const),
    ];
    for (const [name, child] of children) {
      if (child === undefined) continue;
      const key = at === '' ? name : `${at}.${name}`;
      const kind = child.kind ?? above;
      said.set(key, (said.get(key) ?? new Set()).add(kind));
      collect(child, key, kind);
    }
    for (const variant of [...anyOf, ...oneOf]) collect(variant, at, above);
  };
  collect(outline, '', 'result');
  t.deepEqual([...said.keys()].toSorted(), KEYS.toSorted());
  for (const [key, kinds] of said) t.deepEqual([...kinds], [factsOf(key).kind], key);
});

test('paths of files are known wherever they stand', (t) => {
  const files = [
    'images',
    'labels',
    'path',
    'test_images',
    'test_labels',
    'test_path',
    'test_x',
    'test_y',
    'val_path',
    'val_x',
    'val_y',
    'x',
    'y',
  ];
  t.deepEqual(without(({ isPath }) => isPath).toSorted(), [
    'data.sample_weights',
    ...files.flatMap((key) => [`data.source.${key}`, `data.source.${key}.0`]),
    'model.init.path',
    'model.layers.0.init.path',
    'model.layers.0.residual.init.path',
    'parent.run',
  ]);
  t.true(factsOf('model.layers.17.init.path').isPath);
});

test('what the data set stands for, what is recorded and what is a length', (t) => {
  const roots = (fact: (facts: KeyFacts) => boolean): string[] => without(fact).filter((key) => key.split('.').length === 2);
  t.deepEqual(
    roots(({ isData }) => isData),
    ['data.source', 'data.split', 'data.sample_weights'],
  );
  t.deepEqual(
    roots(({ isRecorded }) => isRecorded),
    ['track.log_every', 'track.statistics'],
  );
  t.deepEqual(
    roots(({ isLength }) => isLength),
    ['train.epochs', 'train.steps'],
  );
});

test('keys are left out by what they are, at any depth', (t) => {
  const experiment = { name: 'a', train: { epochs: 1, checkpoint: { keep: 2 } }, model: { layers: [{ units: 3, init: { path: 'x' } }] } };
  t.deepEqual(
    withoutKeys(experiment, ({ kind, isPath }) => kind !== 'result' || isPath),
    { train: { epochs: 1 }, model: { layers: [{ units: 3, init: {} }] } },
  );
});
