import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { renderRun } from '../../../src/report/runs/run.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { describeRun } from '../../../src/runs/store/describe.ts';
import { changeNotes, notesOf } from '../../../src/runs/store/notes.ts';
import { findRun } from '../../../src/runs/store/store.ts';
import { runsPlace, writeRun } from '../support/stored-runs.ts';

test('notes are those of the config until somebody writes others, which config.yaml does not show', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, 'a', { config: { track: { notes: 'first' } } });
  const config = readFileSync(path.join(directory, 'config.yaml'), 'utf8');
  const run = await findRun('a', place);
  t.is(notesOf(run), 'first');
  t.is(await changeNotes(run, 'second\n"line"', 'first'), 'second\n"line"');
  t.is(notesOf(run), 'second\n"line"');
  t.is(await changeNotes(run, '', 'second\n"line"'), '');
  t.is(notesOf(run), '');
  t.is(readFileSync(path.join(directory, 'config.yaml'), 'utf8'), config);
});

test('of two who change the same notes at once the later is told, and nothing is lost', async (t) => {
  const place = runsPlace(t);
  writeRun(place, 'a');
  const run = await findRun('a', place);
  const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => changeNotes(run, `of ${i}`, '')));
  const through = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  t.is(through.length, 1);
  t.is(notesOf(run), through[0] ?? '');
  await t.throwsAsync(changeNotes(run, 'x', ''), { code: 'E_BUSY', message: 'somebody has changed the notes meanwhile' });
});

test('what cannot be notes is refused and changes nothing', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, 'a');
  const run = await findRun('a', place);
  await t.throwsAsync(changeNotes(run, 'x'.repeat(20_001), ''), {
    code: 'E_USAGE',
    message: 'notes of 20001 letters; expected at most 20000',
  });
  t.is(notesOf(run), '');
  writeFileSync(path.join(directory, 'notes.json'), '{}');
  await t.throwsAsync(changeNotes(run, 'x', ''), { code: 'E_RUN_FILE' });
  symlinkSync(directory, path.join(place, 'link'));
  await t.throwsAsync(changeNotes({ ...run, directory: path.join(place, 'link') }, 'x', ''), { code: 'E_RUN_READ' });
});

test('runs show prints notes in one line, and says so where they are damaged', async (t) => {
  const place = runsPlace(t);
  const directory = writeRun(place, 'a');
  await changeNotes(await findRun('a', place), 'better than\u001b[31m\nbefore', '');
  const look = { columns: 100, paint: unpainted, boxed: false };
  const text = renderRun(describeRun(await findRun('a', place)), look);
  t.regex(text, /^notes +better than\S*\[31m before$/m);
  t.false(text.includes('\u001b'));
  writeFileSync(path.join(directory, 'notes.json'), '7');
  const damaged = describeRun(await findRun('a', place));
  t.is(damaged.run.record.status, 'damaged');
  t.regex(damaged.run.record.problem ?? '', /^notes\.json: /);
});
