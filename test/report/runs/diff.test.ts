import test from 'ava';
import { renderDiff } from '../../../src/report/runs/diff.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import type { RunDiff } from '../../../src/runs/store/diff.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { runsPlace, writeRun } from '../../runs/support/stored-runs.ts';

async function diff(t: Parameters<typeof runsPlace>[0], parts: Partial<RunDiff>): Promise<string[]> {
  const place = runsPlace(t);
  writeRun(place, 'a');
  writeRun(place, 'b');
  const [a, b] = [await findRun('a', place), await findRun('b', place)];
  const whole: RunDiff = {
    a,
    b,
    result: [],
    execution: [],
    label: [],
    expected: 'identical',
    digests: { equal: 0 },
    isBroken: false,
    ...parts,
  };
  return renderDiff(whole, { boxed: false, paint: unpainted }).split('\n\n');
}

const verdicts: [title: string, parts: Partial<RunDiff>, text: string][] = [
  [
    'identical',
    { digests: { equal: 3 }, sameEnd: true },
    'results must be identical: 3 digests are equal, the final parameters are the same',
  ],
  ['identical so far', { digests: { equal: 1 } }, 'results must be identical: 1 digest is equal'],
  ['nothing to go by', {}, 'results must be identical: no digests to compare'],
  [
    'broken',
    { isBroken: true, sameEnd: false, digests: { equal: 2, first: { step: 1500, tensors: ['a', 'b', 'c', 'd', 'e', 'f'] } } },
    'results must be identical, but are not: 2 digests are equal, at step 1,500 they differ in a, b, c, d, e and 1 more, the final parameters differ',
  ],
  ['may differ', { expected: 'may differ', sameEnd: false }, 'results may differ: the final parameters differ'],
  [
    'unknown',
    { expected: 'unknown', sameEnd: true },
    'results must be identical if data and kernels are the same, which env.json does not tell: the final parameters are the same',
  ],
];
for (const [title, parts, text] of verdicts) {
  test(`says what must follow: ${title}`, async (t) => {
    t.is((await diff(t, parts))[0], text);
  });
}

test('keys are grouped by what they can do', async (t) => {
  const [result, execution, label] = await diff(t, {
    expected: 'may differ',
    result: [{ key: 'optimizer.betas.0', a: 0.9, b: undefined }],
    kernels: [1, 2],
    data: ['a'.repeat(64), 'b'.repeat(64)],
    execution: [{ key: 'parallel.workers', a: 'auto', b: 1 }],
    label: [{ key: 'name', a: 'x\u001b', b: 'y' }],
  });
  t.is(
    result,
    `
result keys, which can change the result             a             b
optimizer.betas.0                                  0.9             -
kernel version                                       1             2
data (sha256)                             aaaaaaaaaaaa  bbbbbbbbbbbb`.slice(1),
  );
  t.is(execution, 'execution keys, which cannot     a  b\nparallel.workers              auto  1');
  t.is(label, 'names and places        a  b\nname              x\\u001b  y');
});
