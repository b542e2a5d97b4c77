import test from 'ava';
import { findRun } from '../../../src/runs/store/store.ts';
import { changeTags } from '../../../src/runs/store/tags.ts';
import { runsPlace, writeRun } from '../support/stored-runs.ts';

test('tags are added and removed in order, and read back', async (t) => {
  const place = runsPlace(t);
  writeRun(place, 'a', { config: { tags: ['old', 'kept'] } });
  t.deepEqual(await changeTags(await findRun('a', place), ['+new', '-old', '~new', 'bare', '+bare']), ['kept', 'bare']);
  const run = await findRun('a', place);
  t.deepEqual(run.record.tags, ['kept', 'bare']);
  t.is(run.config()['tags.0'], 'old');
});

const refused: [changes: string[], where: string, message: RegExp][] = [
  [['-none'], '-none', /^a has no such tag; it has old$/],
  [['~old', '~old'], '-old', /^a has no such tag; it has none$/],
  [['+'], '+', /^not a tag; expected 1 to 100 letters after \+ or -$/],
  [[`+${'x'.repeat(101)}`], `+${'x'.repeat(101)}`, /^not a tag/],
  [Array.from({ length: 100 }, (_, i) => `+${i}`), '+99', /^more than 100 tags$/],
];
for (const [changes, where, message] of refused) {
  test(`refuses ${changes.slice(0, 2).join(' ').slice(0, 40)} and changes nothing`, async (t) => {
    const place = runsPlace(t);
    writeRun(place, 'a', { config: { tags: ['old'] } });
    const error = await t.throwsAsync(async () => changeTags(await findRun('a', place), changes));
    t.like(error, { code: 'E_USAGE', where });
    t.regex(error?.message ?? '', message);
    t.deepEqual((await findRun('a', place)).record.tags, ['old']);
  });
}
