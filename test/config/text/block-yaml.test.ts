import test from 'ava';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { loadExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { readBlockYaml } from '../../../src/config/text/block-yaml.ts';

const OPTIONS = { schema: 'core', version: '1.2', lineWidth: 0, aliasDuplicateObjects: false } as const;

for (const file of ['seed', 'mnist', 'mnist-best']) {
  test(`the resolved config of ${file} is read as the parser for all of YAML reads it`, (t) => {
    const text = resolvedYaml(loadExperiment(`configs/${file}.yaml`));
    t.deepEqual(readBlockYaml(text), parse(text, { schema: 'core' }));
  });
}

test('whatever is written is read as YAML reads it, or not at all', (t) => {
  const key = fc.oneof(fc.stringMatching(/^[a-z_]{1,6}$/), fc.string({ maxLength: 6 }));
  const leaf = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '',
      'true',
      'null',
      '~',
      '1',
      '1e3',
      '0x1f',
      '.inf',
      '- a',
      'a: b',
      'a #b',
      '"',
      "'",
      '[]',
      '|',
      'a\nb',
      ' a ',
      'No',
      '-',
      ':',
      '012',
    ),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 4 })),
  }));
  let read = 0;
  fc.assert(
    fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 }), (value) => {
      const text = stringify(value, OPTIONS);
      const found = readBlockYaml(text);
      if (found === undefined) return true;
      read++;
      t.deepEqual(found, parse(text, { schema: 'core' }));
      return true;
    }),
    { numRuns: 2000 },
  );
  t.true(read > 200, `only ${read} of 2000 were read`);
});

for (const text of [
  'a: &x 1',
  'a: *x',
  'a: !!str 1',
  'a:\n  b: 1\n c: 2',
  'a: 1\na: 2',
  '__proto__: 1',
  'a: |\n  b',
  '{a: 1}',
  'a: [1, 2]',
  'a: # b',
  '',
  'a:',
]) {
  test(`leaves to the parser for all of YAML: ${JSON.stringify(text)}`, (t) => t.is(readBlockYaml(text), undefined));
}
