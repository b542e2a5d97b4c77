import test from 'ava';
import { renderReplay, renderVerification, renderVerifying } from '../../../src/report/runs/verify.ts';

test('the status of a verification has the step, the digests and the time left', (t) => {
  const progress = { type: 'progress', workers: 3, replay: 2, replays: 2, step: 1500, totalSteps: 1200, equal: 5, digests: 12 } as const;
  t.is(renderVerifying({ ...progress, secondsLeft: 61 }), '2/2  3 workers  step 1,200/1,200  5/12 digests equal  1m 1s left');
  t.is(
    renderVerifying({ ...progress, workers: 1, replay: 1, replays: 1, step: 7, secondsLeft: undefined }),
    '1 worker  step 7/1,200  5/12 digests equal',
  );
});

test('a verdict names the run, the digests and the workers', (t) => {
  t.is(renderReplay({ workers: 1, equal: 1 }), '1 worker: 1 digest equal');
  const verified = { status: 'same', steps: 2000, digests: 4 } as const;
  t.is(
    renderVerification('a', { ...verified, replays: [{ workers: 1, equal: 4 }] }),
    'PASS  a: 4 digests up to step 2,000 equal, with 1 worker',
  );
  const replays = [1, 3].map((workers) => ({ workers, equal: 4 }));
  t.is(renderVerification('a', { ...verified, replays }), 'PASS  a: 4 digests up to step 2,000 equal, with 1, 3 workers');
});
