import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { outline, variantsOf } from '../../../src/config/schema/outline.ts';

const source = outline.properties?.['data']?.properties?.['source'];

for (const [type, variant] of variantsOf(source) ?? []) {
  const keys = Object.entries(variant.properties ?? {}).filter(([key]) =>
    /^(?:(?:val_|test_)?(?:path|images|labels)|(?:val_|test_)?[xy])$/.test(key),
  );
  if (keys.length === 0) continue;
  test(`every path of the source ${type} counts from the file that says it`, (t) => {
    const given = Object.fromEntries(keys.map(([key]) => [key, `some/${key}`]));
    const rest = variant.properties?.['target'] === undefined ? {} : { target: 'y' };
    const input = { data: { source: { type, ...given, ...rest, ...(type === 'npz' && { x: 'a', y: 'b' }) } } };
    const { data } = experimentFromObject({ ...input, model: { layers: [{ type: 'dense', units: 2 }] } }).experiment;
    for (const [key] of keys)
      t.is(Reflect.get(data.source, key), type === 'npz' && /_?[xy]$/.test(key) ? `some/${key}` : path.resolve(`some/${key}`), key);
  });
}
