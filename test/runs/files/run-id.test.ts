import test from 'ava';
import { newRunId, shortId, startedAt } from '../../../src/runs/files/run-id.ts';

test('an id tells when its run began, and is short without that', (t) => {
  for (const name of ['mnist', 'a-20200101-000000-abcdef', '-', 'x y']) {
    const id = newRunId(name, new Date('2026-11-23T04:05:06.789Z'));
    t.is(startedAt(id), '2026-11-23T04:05:06Z');
    t.is(shortId(id), `${name}-${id.slice(-6)}`);
  }
});

for (const id of ['mnist', 'mnist-20261123-040506', 'mnist-20261123-040506-ABCDEF', 'mnist-20261123-040506-abcdef0', ''])
  test(`an id that was chosen tells no time: ${JSON.stringify(id)}`, (t) => {
    t.is(startedAt(id), null);
    t.is(shortId(id), id);
  });
