import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { requireImportance } from '../../../src/sweep/importance/of-sweep.ts';
import { findSweep } from '../../../src/sweep/journal/find.ts';
import { bestTrial, trialConfig } from '../../../src/sweep/replay/best.ts';
import { gridState, noResultState } from '../support/states.ts';

const NAMES = ['mnist-asha-20261126-040000-7f3c1a', 'mnist-asha-20261126-050000-111111', 'mnist-grid-20261126-030000-222222'] as const;

function sweeps(t: ExecutionContext): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'gradloom-find-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  for (const [i, name] of NAMES.entries()) {
    mkdirSync(path.join(parent, name));
    writeFileSync(path.join(parent, name, 'sweep.yaml'), '');
    writeFileSync(path.join(parent, name, 'log.jsonl'), '');
    // The first was worked on last.
    utimesSync(path.join(parent, name, 'log.jsonl'), 1000, 1000 - i);
  }
  mkdirSync(path.join(parent, 'mnist-other'));
  return parent;
}

function refusal(run: () => unknown): { code: string; exit: number; where: string | undefined; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof GradloomError) return { code: error.code, exit: error.exitCode, where: error.where, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a sweep is found by its name, an unambiguous start, its digits, or as the last that was worked on', (t) => {
  const parent = sweeps(t);
  const named = (word: string): string => path.basename(findSweep(word, parent));
  t.is(named(NAMES[1]), NAMES[1]);
  t.is(named('mnist-g'), NAMES[2]);
  t.is(named('7f3c1a'), NAMES[0]);
  t.is(named('@last'), NAMES[0]);
  t.is(findSweep('./anywhere', parent), './anywhere');
});

test('an ambiguous, a misspelt and an unknown name are told with what is close', (t) => {
  const parent = sweeps(t);
  t.deepEqual(
    refusal(() => findSweep('mnist-asha', parent)),
    {
      code: 'E_SWEEP_NOT_FOUND',
      exit: 64,
      where: 'mnist-asha',
      message: `2 sweeps are called so: ${NAMES[0]}, ${NAMES[1]}`,
    },
  );
  t.is(
    refusal(() => findSweep('mnist-grid-20261126-030000-222223', parent)).message,
    `no such sweep in ${parent}; did you mean ${NAMES[2]}?`,
  );
  t.is(refusal(() => findSweep('mnist-other', parent)).message, `no such sweep in ${parent}`);
  t.is(refusal(() => findSweep('@last', path.join(parent, 'none'))).message, `no sweeps in ${parent}/none`);
});

test('a sweep without a result has no best trial and no importance', (t) => {
  t.like(
    refusal(() => bestTrial(noResultState())),
    {
      code: 'E_SWEEP_RESULT',
      exit: 65,
      message: 'no trial has a result; the sweep is running, with 4 trials',
    },
  );
  t.is(
    refusal(() => requireImportance(gridState())).message,
    'importance needs 8 trials with results that differ; got 6 results; a larger run_cap makes more',
  );
});

test('the experiment of a trial whose directory is gone is an error of reading', (t) => {
  const state = gridState();
  t.is(refusal(() => trialConfig(state, bestTrial(state))).code, 'E_CONFIG_READ');
});
