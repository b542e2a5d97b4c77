import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { EXIT, GradloomError } from '../../../src/errors.ts';
import { trialLogPath } from '../../../src/sweep/journal/log.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { resumeSweep, sweep } from '../../../src/sweep/session/sweep.ts';
import { temporary } from '../../runs/support/run-tree.ts';
import { ASHA, loaded, played, table } from '../support/sweep-case.ts';

type Line = Record<string, unknown>;

/** A copy of a sweep's directory whose log is another one, every line with its number and a checksum that holds. */
function rewritten(t: ExecutionContext, directory: string, edit: (lines: Line[]) => Line[]): string {
  const place = path.join(temporary(t), 'sweep');
  cpSync(directory, place, { recursive: true });
  writeFileSync(trialLogPath(place), textOf(edit(linesOf(place))));
  return place;
}

function linesOf(directory: string): Line[] {
  const text = readFileSync(trialLogPath(directory), 'utf8').trimEnd();
  return text.split('\n').map((line) => JSON.parse(line) as Line);
}

function textOf(lines: readonly Line[]): string {
  return lines
    .map(({ crc: _crc, ...line }, seq) => {
      const numbered = { ...line, seq };
      return `${JSON.stringify({ ...numbered, crc: crc32(JSON.stringify(numbered)).toString(16).padStart(8, '0') })}\n`;
    })
    .join('');
}

/** Changes the first line of a kind, or the one that `isMeant`. */
function changed(lines: Line[], type: string, change: Line, isMeant: (line: Line) => boolean = () => true): Line[] {
  const at = lines.findIndex((line) => line['type'] === type && isMeant(line));
  return lines.map((line, i) => (i === at ? { ...line, ...change } : line));
}

/** The same, and the log ends there: what comes after would not fit either. */
function changedLast(lines: Line[], type: string, change: Line): Line[] {
  const at = lines.findIndex((line) => line['type'] === type);
  return changed(lines, type, change).slice(0, at + 1);
}

async function refused(t: ExecutionContext, place: string, title: string): Promise<GradloomError> {
  const before = readFileSync(trialLogPath(place));
  const error = await t.throwsAsync(resumeSweep(place).result, { instanceOf: GradloomError }, title);
  t.is(error.code, 'E_RUN_FILE');
  t.is(error.exitCode, EXIT.data);
  t.regex(error.where ?? '', /log\.jsonl:\d+$/);
  t.deepEqual(readFileSync(trialLogPath(place)), before, 'nothing is written');
  return error;
}

const numberOf = (line: Line): number => Number(line['trial']);

test.serial(
  'a log whose decisions are not those of the search is E_RUN_FILE (65) with its line, what it says and what was expected',
  async (t) => {
    t.timeout(120_000);
    const directory = temporary(t);
    const original = path.join(directory, 'sweep');
    await played(sweep(loaded(directory, ASHA, ['run_cap=4']), { directory: original }));
    const lineOf = (type: string, isMeant: (line: Line) => boolean = () => true): number =>
      linesOf(original).findIndex((line) => line['type'] === type && isMeant(line)) + 1;
    const cases: [title: string, edit: (lines: Line[]) => Line[], message: RegExp, line?: number][] = [
      [
        'another sampler',
        (lines) => changed(lines, 'trial', { assignment: { 'optimizer.lr': 0.123, 'train.batch_size': 20 } }),
        /^does not replay: trial 0: optimizer\.lr is 0\.123, expected 0\.\d+$/,
        lineOf('trial'),
      ],
      [
        'another method',
        (lines) => changed(lines, 'trial', { origin: 'tpe' }),
        /^does not replay: trial 0 of tpe, expected trial 0 of random$/,
      ],
      [
        'a duplicate that is none',
        (lines) =>
          changed(lines, 'trial', { duplicateOf: 0 }, (line) => numberOf(line) === 1).filter(
            (line) => numberOf(line) !== 1 || line['type'] === 'trial',
          ),
        /^does not replay: trial 1 of random, a duplicate of trial 0, expected trial 1 of random$/,
      ],
      [
        'a trial that is missing',
        (lines) => lines.filter((line) => !('trial' in line) || numberOf(line) !== 1),
        /^does not replay: (?:trial 2, expected trial 1|trial \d of random, expected .*)$/,
      ],
      [
        'a stop in the place of a promotion',
        (lines) => changedLast(lines, 'promote', { type: 'stop' }),
        /^does not replay: trial (\d) is stopped at rung 0, expected trial \1 goes on from rung 0$/,
        lineOf('promote'),
      ],
      [
        'a decision that knows too few results',
        (lines) => changedLast(lines, 'promote', { after: 0 }),
        /^does not replay: (?:trial \d goes on from rung 0, expected (?:trial \d of random|no decision before another result)|knows 0 results, expected \d or more)$/,
      ],
      [
        'a decision that knows more results than there are',
        (lines) => changedLast(lines, 'promote', { after: 1_000_000_000 }),
        /^does not replay: a decision after 1000000000 results, (?:of which only \d had come|expected .* after \d)$/,
        lineOf('promote'),
      ],
      [
        'an end too early',
        (lines) => changedLast(lines, 'trial', { type: 'over', cause: 'done', reason: 'x', dropped: [] }),
        /expected trial 0 of random$/,
      ],
      [
        'the end of another cause',
        (lines) => changed(lines, 'over', { cause: 'target' }),
        /^does not replay: the end \(target\), which drops no trial, expected the end \(done\), which drops no trial$/,
      ],
      [
        'a drop of what is over',
        (lines) => changed(lines, 'over', { cause: 'budget', dropped: [0] }),
        /trial 0 is dropped, which is not under way$/,
      ],
      [
        'a part of another length',
        (lines) => changed(lines, 'run', { resource: 3 }),
        /^does not replay: trial \d was trained to 3, expected 1$/,
        lineOf('run'),
      ],
      [
        'fewer lanes',
        (lines) => lines.map((line) => ('rules' in line ? { ...line, rules: { ...(line['rules'] as Line), lanes: 1 } } : line)),
        /^does not replay: trial 1 of random, expected no decision before another result$/,
      ],
      [
        'a trial tried again that has not failed',
        (lines) => [...lines, { type: 'reopen', t: 1, after: Number(lines.at(-1)?.['after']), retried: [0] }],
        /^does not replay: trial 0 is tried again, which has not failed$/,
      ],
    ];
    for (const [title, edit, message, line] of cases) {
      const error = await refused(t, rewritten(t, original, edit), title);
      t.regex(error.message, message, title);
      if (line !== undefined) t.regex(error.where ?? '', new RegExp(`:${line}$`), title);
    }
    // As it is, it goes on.
    t.is((await played(resumeSweep(rewritten(t, original, (lines) => lines)))).summary.status, 'finished');
  },
);

test.serial('an entry of a wrong shape is E_RUN_FILE (65) with its line, also for who only reads', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const original = path.join(directory, 'sweep');
  await played(sweep(loaded(directory, ASHA, ['run_cap=2']), { directory: original }));
  const cases: [title: string, edit: (lines: Line[]) => Line[], message: RegExp][] = [
    ['unknown entry', (lines) => changed(lines, 'begin', { type: 'merge' }), /type: .*; got "merge"$/],
    ['another version', (lines) => changed(lines, 'sweep', { version: 4 }), /version: .*expected.*1\|2.*; got 4$/],
    ['text for a number', (lines) => changed(lines, 'run', { trial: '0' }), /trial: .*expected number.*; got "0"$/],
    ['a number for text', (lines) => changed(lines, 'promote', { reason: 7 }), /reason: .*expected string.*; got 7$/],
    ['a fraction', (lines) => changed(lines, 'trial', { trial: 0.5 }), /trial: .*int.*; got 0\.5$/],
    ['a field that is missing', (lines) => changed(lines, 'run', { curve: undefined }), /curve: .*expected array.*; got nothing$/],
    ['a list for an entry', (lines) => changed(lines, 'trial', { assignment: [1] }), /assignment: .*expected record.*; got \[1\]$/],
    [
      'values too deep',
      (lines) => changed(lines, 'trial', { assignment: { seed: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) } }),
      /assignment\.seed: nested too deep/,
    ],
    ['a point without a value', (lines) => changed(lines, 'run', { curve: [{ step: 1, epoch: 1 }] }), /curve\.0\.value: .*; got nothing$/],
    ['a huge trial', (lines) => changed(lines, 'trial', { trial: 2 ** 40 }), /trial: .*; got 1099511627776$/],
    ['a huge rung', (lines) => changed(lines, 'run', { rung: 2 ** 31 }), /rung 2147483648 of trial \d, expected rung 0$/],
    ['a number beyond the doubles', (lines) => changed(lines, 'run', { steps: 1e300 }), /steps: .*; got 1e\+300$/],
    ['trials out of order', (lines) => changed(lines, 'trial', { trial: 1 }), /trial 1, expected trial 0$/],
    ['a run of no trial', (lines) => changed(lines, 'begin', { trial: 9 }), /trial 9, expected one of the \d that have begun$/],
    ['a replicate too many', (lines) => changed(lines, 'run', { replicate: 1 }), /replicate 1, expected one below 1$/],
    [
      'a result twice',
      (lines) => lines.flatMap((line) => (line['type'] === 'run' ? [line, line] : [line])),
      /a second result of trial \d, rung 0, replicate 0$/,
    ],
    ['no beginning', (lines) => lines.slice(1), /not the beginning of a sweep$/],
    ['two beginnings', (lines) => [...lines.slice(0, 1), ...lines], /another beginning of a sweep$/],
  ];
  for (const [title, edit, message] of cases) {
    const place = rewritten(t, original, edit);
    const error = await refused(t, place, title);
    t.regex(error.message, /^does not replay: /, title);
    t.regex(error.message, message, title);
    const read = t.throws(() => readSweep(place), { instanceOf: GradloomError }, title);
    t.is(read.message, error.message);
  }
});

test.serial('a log cut after any line replays, and goes on to the same table; nothing runs without a process', async (t) => {
  t.timeout(120_000);
  const directory = temporary(t);
  const original = path.join(directory, 'sweep');
  const { summary } = await played(sweep(loaded(directory, ASHA, ['run_cap=3']), { directory: original }));
  const lines = linesOf(original);
  const lengths = lines.map((_, i) => textOf(lines.slice(0, i + 1)).length);
  t.is(lengths.at(-1), readFileSync(trialLogPath(original)).length);
  for (const [i, length] of lengths.entries()) {
    const place = rewritten(t, original, (all) => all);
    truncateSync(trialLogPath(place), length);
    const state = readSweep(place);
    const isOver = lines[i]?.['type'] === 'over';
    t.is(state.status, isOver ? 'finished' : 'interrupted', `${i + 1} lines`);
    t.false(state.trials.some(({ status }) => status === 'running'));
    t.deepEqual(table((await played(resumeSweep(place))).summary), table(summary), `${i + 1} lines`);
  }
});

test.serial('settings that may change between sessions do not keep a log from replaying', async (t) => {
  t.timeout(60_000);
  const directory = temporary(t);
  const place = path.join(directory, 'sweep');
  await played(sweep(loaded(directory, ASHA, ['run_cap=3']), { directory: place }));
  await played(resumeSweep(place, { overrides: ['run_cap=5', 'execution.order=arrival'] }));
  await played(resumeSweep(place, { overrides: ['run_cap=7', 'execution.order=logical'] }));
  for (const override of ['run_cap=2', 'on_trial_error.impute=none', 'execution.order=arrival', 'on_trial_error.abort_after=1']) {
    const { summary } = await played(resumeSweep(place, { overrides: ['run_cap=7', override] }));
    t.is(summary.status, 'finished', override);
    t.is(summary.trials.length, 7, override);
  }
});

test.serial('execution.lanes says how many trials are under way in logical order, session by session', async (t) => {
  t.timeout(60_000);
  const place = path.join(temporary(t), 'sweep');
  await played(sweep(loaded(path.dirname(place), ASHA, ['run_cap=4', 'execution.lanes=1']), { directory: place }));
  t.deepEqual(lanesOf(place), [1, 1]);
  const alone = linesOf(place).filter(({ type }) => type === 'trial' || type === 'run');
  t.deepEqual(
    alone.filter(({ type, trial }, i) => type === 'trial' && alone.slice(0, i).every((line) => line['type'] !== 'run') && trial !== 0),
    [],
    'the second trial begins when the first has come to its rung',
  );
  const { summary } = await played(resumeSweep(place, { overrides: ['run_cap=7', 'execution.lanes=40'] }));
  t.deepEqual(lanesOf(place), [1, 1, 40]);
  t.deepEqual(table((await played(resumeSweep(place, { overrides: ['run_cap=7'] }))).summary), table(summary));
});

/** Of the sweep, then of each session. */
function lanesOf(directory: string): unknown[] {
  return linesOf(directory).flatMap(({ type, lanes, rules }) => {
    if (type === 'sweep') return [lanes];
    return type === 'session' ? [(rules as Line)['lanes']] : [];
  });
}
