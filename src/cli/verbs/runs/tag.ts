import { printable } from '../../../errors.ts';
import { defineCommand } from '../../arguments/command.ts';
import { RUNS_DIR, runsDirOf } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';

interface TagRequest {
  run: string;
  changes: string[];
  dir?: string;
}

/** `gradloom runs tag`. */
export const runsTag = defineCommand<TagRequest>({
  positionals: {
    notation: '<run> <tags..>',
    describe: { run: 'path, id or start of an id, or @last', tags: '+tag adds, -tag removes' },
    dashRemoves: true,
    problem: ([run, ...tags], command) => {
      const expected = `expected gradloom ${command} RUN +tag -tag`;
      if (run === undefined || run === '') return `RUN is missing; ${expected}`;
      const odd = tags.find((tag) => !/^[+~]/.test(tag));
      if (odd !== undefined) return `${printable(odd)}: neither +tag nor -tag; ${expected}`;
      return tags.length === 0 ? `a tag is missing; ${expected}` : undefined;
    },
  },
  describe: 'Add tags to a run, or remove them',
  options: RUNS_DIR,
  examples: [
    ['$0 runs tag @last +baseline', 'tag the latest run'],
    ['$0 runs tag mnist-2026 +good -draft', 'add one, remove another'],
  ],
  request: (args) => ({ run: args.text('run') ?? '', changes: args.texts('tags'), ...runsDirOf(args) }),
  run: tagCommand,
});

async function tagCommand({ run: word, changes, dir }: TagRequest, output: Output): Promise<number> {
  const [{ findRun }, { changeTags }] = await Promise.all([import('../../../runs/store/store.ts'), import('../../../runs/store/tags.ts')]);
  const run = await findRun(word, dir);
  const tags = await changeTags(run, changes);
  if (output.json) output.object({ id: run.record.id, tags });
  output.result(`${printable(run.record.id)}: ${tags.length === 0 ? 'no tags' : tags.map((tag) => printable(tag)).join(', ')}`);
  return 0;
}
