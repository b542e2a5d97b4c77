import test from 'ava';
import { budgetOf } from '../../../src/sweep/schedulers/budget.ts';
import type { EarlyTerminateConfig } from '../../../src/sweep/schema.ts';

const halving = { resource: 'epochs', min: 1, eta: 3, promote: 'resume' } as const;

for (const { title, config, trials, length, text, full } of [
  {
    title: 'asha',
    config: { type: 'asha', ...halving },
    trials: 60,
    length: 27,
    text: '60x1 + 20x2 + 6x6 + 2x18 = 172 epochs',
    full: 1620,
  },
  {
    title: 'asha with too few trials for a promotion, of which the best goes on',
    config: { type: 'asha', ...halving },
    trials: 2,
    length: 27,
    text: '2x1 + 1x2 + 1x6 + 1x18 = 28 epochs',
    full: 54,
  },
  {
    title: 'hyperband, its last bracket short',
    config: { type: 'hyperband', ...halving, resource: 'steps' },
    trials: 10,
    length: 9,
    text: '9x1 + 3x2 + 1x6 + 1x3 + 1x6 = 30 steps',
    full: 90,
  },
  {
    title: 'median stopping, as if nothing was stopped',
    config: { type: 'median', resource: 'epochs', min: 1, startup: 5 },
    trials: 4,
    length: 10,
    text: '4x10 = 40 epochs',
    full: 40,
  },
  { title: 'no early termination', config: { type: 'none' }, trials: 4, length: 10, text: '4x10 = 40 epochs', full: 40 },
] satisfies { title: string; config: EarlyTerminateConfig; trials: number; length: number; text: string; full: number }[]) {
  test(`the budget of ${title}: ${text}`, (t) => {
    const budget = budgetOf(config, trials, length);
    t.is(budget.text, text);
    t.is(budget.full, full);
  });
}
