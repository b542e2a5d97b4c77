import test from 'ava';
import { Stop, type StopSignal, stoppable } from '../../../src/cli/terminal/signals.ts';

/** Signals do not reach the threads that tests run in; their events do. */
function recorded(): { stop: Stop; first: StopSignal[]; second: number[] } {
  const first: StopSignal[] = [];
  const second: number[] = [];
  return { stop: new Stop({ onFirst: (signal) => first.push(signal), onSecond: (code) => second.push(code) }), first, second };
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test.serial(`${signal} aborts and exits with ${code}`, (t) => {
    const { stop, first, second } = recorded();
    t.is(stop.exitCode, undefined);
    process.emit(signal);
    stop.release();
    t.true(stop.signal.aborted);
    t.is(stop.exitCode, code);
    t.deepEqual([first, second], [[signal], []]);
  });
}

test.serial('a second signal of another kind ends at once with its own code', (t) => {
  const { stop, second } = recorded();
  process.emit('SIGINT');
  process.emit('SIGTERM');
  stop.release();
  t.deepEqual(second, [143]);
  t.is(stop.exitCode, 130);
});

test.serial('an echo of the same signal within 50 ms does not count as the second', (t) => {
  const { stop, first, second } = recorded();
  process.emit('SIGINT');
  process.emit('SIGINT');
  stop.release();
  t.deepEqual([first, second], [['SIGINT'], []]);
});

test.serial('release leaves no listener behind', (t) => {
  const before = process.listenerCount('SIGINT');
  recorded().stop.release();
  t.is(process.listenerCount('SIGINT'), before);
});

test.serial('a terminal that closes is never the second signal: what is being saved is saved', (t) => {
  const { stop, first, second } = recorded();
  process.emit('SIGINT');
  process.emit('SIGHUP');
  stop.release();
  t.deepEqual([first, second], [['SIGINT'], []]);
  t.is(stop.exitCode, 130);
});

test.serial(
  'a session says what the first signal starts, wipes its display and ends at the second, and lets go of signals, also when it fails',
  async (t) => {
    const before = process.listenerCount('SIGINT');
    const seen: unknown[] = [];
    const display = { say: (line: string) => seen.push(line), clear: () => seen.push('clear') };
    const session = stoppable({ display, onFirst: 'saving', exitNow: (code) => seen.push(code) }, (stop) => {
      process.emit('SIGINT');
      t.true(stop.signal.aborted);
      process.emit('SIGTERM');
      return Promise.reject(new Error('failed'));
    });
    await t.throwsAsync(session, { message: 'failed' });
    t.deepEqual(seen, ['SIGINT: saving', 'clear', 143]);
    t.is(process.listenerCount('SIGINT'), before);
  },
);
