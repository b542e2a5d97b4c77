import { EXIT } from '../../errors.ts';
import { defineCommand } from '../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../arguments/runs.ts';
import type { Output } from '../terminal/output.ts';

interface DiffRequest {
  runs: string[];
  dir?: string;
}

/** `gradloom diff`. */
export const diff = defineCommand<DiffRequest>({
  positionals: runWords(2, 2),
  describe: 'Tell two runs apart: keys that can change the result and keys that cannot, what must follow, what came of it',
  options: RUNS_DIR,
  examples: [
    ['$0 diff 29898d a01b7c', 'two runs of ./runs'],
    ['$0 diff @last runs/mnist-20261126-041448-29898d --json', 'for programs; exit code 83 if results differ that must not'],
  ],
  request: (args) => ({ runs: args.texts('runs'), ...runsDirOf(args) }),
  run: diffCommand,
});

async function diffCommand({ runs: words, dir }: DiffRequest, output: Output): Promise<number> {
  const [{ findRuns }, { diffRuns }] = await Promise.all([import('../../runs/store/store.ts'), import('../../runs/store/diff.ts')]);
  const [a, b] = await findRuns(words, dir);
  if (a === undefined || b === undefined) return EXIT.usage;
  const found = diffRuns(a, b);
  if (output.json) output.object({ ...found, a: a.record.id, b: b.record.id });
  else {
    const { renderDiff } = await import('../../report/runs/diff.ts');
    output.answer(renderDiff(found, output.look(process.stdout)));
  }
  return found.isBroken ? EXIT.mismatch : EXIT.ok;
}
