import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { sweepFiles } from '../../src/sweep/file/load.ts';
import { LOG_VERSION, type SweepEntry } from '../../src/sweep/journal/entries.ts';
import { TrialLog } from '../../src/sweep/journal/log.ts';
import { Ledger, rulesOf } from '../../src/sweep/replay/ledger.ts';
import { makeSampler } from '../../src/sweep/samplers/index.ts';
import { lengthOf } from '../../src/sweep/schedulers/budget.ts';
import { makeScheduler } from '../../src/sweep/schedulers/index.ts';
import { lanesOf } from '../../src/sweep/search/decisions.ts';
import { SessionLog } from '../../src/sweep/session/session-log.ts';
import { lossOf, type SweepKind, sweepIn } from './sweep.ts';

/**
 * Writes the directory of a sweep whose trials came to results by a formula: as a session would have, by its search and its log, but without
 * a digest of each experiment, which takes most of the time.
 *
 * @param isOver  else it is as after a kill: the last trials are under way
 * @returns seconds of the processor for each trial
 */
export async function generate(directory: string, kind: SweepKind, isOver: boolean): Promise<number> {
  const loaded = sweepIn(`${directory}/files`, kind);
  const { settings, space } = loaded;
  const place = path.join(directory, 'sweep');
  rmSync(place, { recursive: true, force: true });
  const files = sweepFiles(sweepIn(place, kind));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(place, name), text);
  const calls = { open: openSync, write: writeSync, truncate: ftruncateSync, sync: () => Promise.resolve(), close: closeSync };
  const log = TrialLog.create(place, undefined, calls);
  const rules = rulesOf(settings, lanesOf(settings));
  const parts = {
    settings,
    sampler: makeSampler(settings.method, space, settings.seed),
    scheduler: makeScheduler(settings, lengthOf(settings.early_terminate)),
    enqueued: 0,
    keyOf: (assignment: object) => JSON.stringify(assignment),
  };
  const ledger = new Ledger(parts, rules);
  const session = new SessionLog(log, ledger, 2, rules);
  const first: SweepEntry = { type: 'sweep', version: LOG_VERSION, id: 'sweep', name: settings.name, lanes: lanesOf(settings), files };
  session.say(first);
  session.begin();
  const { search } = ledger;
  const before = process.cpuUsage();
  for (;;) {
    for (let decision = search.next(); decision !== undefined; decision = search.next()) {
      const after = search.told;
      search.take(decision);
      session.say({ ...decision, after });
    }
    const due = search.due();
    if (due === undefined || (!isOver && search.trials === kind.trials)) break;
    const { trial, rung, resource, isLast } = due;
    const { assignment = {} } = ledger.fold.trial(trial) ?? {};
    session.say({ type: 'begin', trial, rung, replicate: 0, workers: 1 });
    const epochs = settings.early_terminate.type === 'none' ? 9 : resource;
    const curve = Array.from({ length: epochs }, (_, i) => ({ step: 25 * (i + 1), epoch: i + 1, value: lossOf(assignment, i + 1) }));
    const points = curve.flatMap(({ value, ...point }) => (value === undefined ? [] : [{ ...point, value }]));
    const part = { trial, rung, replicate: 0, steps: 25 * points.length, resource, isLast, digest: '0'.repeat(64), seconds: 1.5 };
    const fault = { code: 'E_DIVERGED', message: 'the loss is not finite at step 17' };
    session.say({
      type: 'run',
      status: points.length === 0 ? 'diverged' : 'reached',
      ...part,
      curve: points,
      ...(points.length === 0 && { fault }),
    });
    ledger.tellNext();
    if (log.unvouched > 20_000) await session.sync();
  }
  await session.sync();
  await log.vouch();
  await log.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / search.trials;
}
