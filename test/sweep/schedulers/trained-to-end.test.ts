import test from 'ava';
import type { RunEntry } from '../../../src/sweep/journal/entries.ts';
import { SweepFold } from '../../../src/sweep/replay/state.ts';
import { countRungs } from '../../../src/sweep/schedulers/rung-counts.ts';
import { noneToEnd, partOf } from '../../../src/sweep/schedulers/trained-to-end.ts';
import { settings, stateOf, trial } from '../support/states.ts';

const ASHA = { type: 'asha', min: 1, max: 9, eta: 3 } as const;

test('a trial that was stopped says how far it was trained, one at its end nothing', (t) => {
  const state = stateOf({ early_terminate: ASHA }, []);
  t.is(partOf(state, trial(0, {}, { status: 'pruned', resource: 3 })), '3 of 9 epochs');
  t.is(partOf(state, trial(0, {}, { status: 'diverged' })), '0 of 9 epochs');
  t.is(partOf(state, trial(0, {}, { status: 'finished', resource: 9 })), undefined);
  t.is(partOf(stateOf({}, []), trial(0, {}, { status: 'finished' })), undefined);
});

const pruned = (number: number, resource: number) => trial(number, {}, { status: 'pruned', resource, value: 1 });
for (const [title, state, note] of [
  [
    'too few trials, as sweeps of older versions ended',
    stateOf({ early_terminate: ASHA }, [pruned(0, 1), pruned(1, 1)]),
    'no trial was trained to its end: the longest had 1 of 9 epochs; use run_cap >= 9, or a smaller eta',
  ],
  [
    'a budget that was spent',
    stateOf({ early_terminate: ASHA, budget: { duration: 9 } }, [pruned(0, 3), pruned(1, 1)]),
    'no trial was trained to its end: the longest had 3 of 9 epochs; raise budget.duration, or lower early_terminate.max',
  ],
  [
    'an interruption',
    stateOf({ early_terminate: ASHA }, [pruned(0, 3)], { status: 'interrupted' }),
    'no trial was trained to its end: the longest had 3 of 9 epochs; gradloom sweep resume goes on',
  ],
  [
    'enough trials, whose best all diverged',
    stateOf(
      { early_terminate: { type: 'asha', min: 1, max: 3, eta: 3 } },
      [0, 1, 2].map((number) => pruned(number, 1)),
    ),
    'no trial was trained to its end: the longest had 1 of 3 epochs; those that went on, or would have, diverged or failed',
  ],
  ['a sweep that runs', stateOf({ early_terminate: ASHA }, [pruned(0, 3)], { status: 'running' }), undefined],
  ['a trial at its end', stateOf({ early_terminate: ASHA }, [pruned(0, 3), trial(1, {}, { resource: 9 })]), undefined],
  ['no early termination', stateOf({}, [trial(0, {}, { status: 'failed' })]), undefined],
] as const) {
  test(`the end of a sweep with ${title}: ${note ?? 'nothing to say'}`, (t) => t.is(noneToEnd(state), note));
}

test('rungs leave out trials without a step and duplicates, and list one that every trial passed', (t) => {
  const trials = [
    trial(0, {}, { rung: 2, resource: 9 }),
    pruned(1, 1),
    trial(2, {}, { status: 'failed' }),
    trial(3, {}, { status: 'diverged' }),
    trial(4, {}, { status: 'duplicate', duplicateOf: 0, rung: 2, resource: 9 }),
  ];
  t.deepEqual(countRungs(stateOf({ early_terminate: ASHA }, trials)), [
    { resource: 1, reached: 2, ended: 1 },
    { resource: 3, reached: 1, ended: 0 },
    { resource: 9, reached: 1, ended: 1 },
  ]);
});

test('a trial that fails or diverges on its way to a rung has reached the one before, or none', (t) => {
  const fold = new SweepFold(settings({ early_terminate: ASHA }));
  const first: RunEntry = {
    type: 'run',
    trial: 0,
    rung: 0,
    replicate: 0,
    status: 'reached',
    steps: 1,
    resource: 1,
    isLast: false,
    curve: [{ step: 1, epoch: 1, value: 0.5 }],
    digest: '',
    seconds: 1,
  };
  const run = (given: Partial<RunEntry>): RunEntry => ({ ...first, ...given });
  for (const number of [0, 1]) fold.add({ type: 'trial', trial: number, assignment: {}, origin: 'random', key: `${number}`, after: 0 });
  fold.add(run({ status: 'failed', steps: 0, curve: [], fault: { code: 'E_DATA_READ', message: 'gone' } }));
  fold.add(run({ trial: 1 }));
  fold.add(run({ trial: 1, rung: 1, resource: 3, status: 'diverged', fault: { code: 'E_DIVERGED', message: 'NaN' } }));
  const [failed, diverged] = fold.trials();
  t.like(failed, { status: 'failed', value: null, resource: undefined });
  t.like(diverged, { status: 'diverged', value: null, rung: 0, resource: 1 });
});
