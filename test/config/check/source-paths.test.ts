import path from 'node:path';
import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { outline, variantsOf } from '../../../src/config/schema/outline.ts';

const source = outline.properties?.['data']?.properties?.['source'];

for (const [type, variant] of variantsOf(source) ?? []) {
  const own = Object.keys(variant.properties ?? {});
  // In npz files x and y are names of arrays.
  const names = type === 'npz' ? /^path$/ : /^(?:val_|test_)?(?:path|images|labels|[xy])$/;
  const keys = own.filter((key) => names.test(key));
  if (keys.length === 0) continue;
  test(`every path of the source ${type} counts from the file that says it`, (t) => {
    const given = Object.fromEntries(keys.map((key) => [key, `some/${key}`]));
    const rest = { ...(own.includes('target') && { target: 'y' }), ...(type === 'npz' && { x: 'a', y: 'b' }) };
    const input = { data: { source: { type, ...given, ...rest } }, model: { layers: [{ type: 'dense', units: 2 }] } };
    const { data } = experimentFromObject(input).experiment;
    for (const key of keys) t.is(Reflect.get(data.source, key), path.resolve(`some/${key}`), key);
  });
}
