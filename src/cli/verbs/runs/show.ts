import { defineCommand } from '../../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';

interface ShowRequest {
  run: string;
  dir?: string;
}

/** `gradloom runs show`. */
export const runsShow = defineCommand<ShowRequest>({
  positionals: runWords(1, 1),
  describe: 'Show one run: how it went, its metrics, its loss and its files',
  options: RUNS_DIR,
  examples: [
    ['$0 runs show @last', 'the latest run'],
    ['$0 runs show mnist-2026 --json', 'with its config and environment, for programs'],
  ],
  request: (args) => ({ run: args.text('run') ?? '', ...runsDirOf(args) }),
  run: showCommand,
});

async function showCommand({ run: word, dir }: ShowRequest, output: Output): Promise<number> {
  const [{ findRun }, { describeRun }] = await Promise.all([
    import('../../../runs/store/store.ts'),
    import('../../../runs/store/describe.ts'),
  ]);
  const description = describeRun(await findRun(word, dir));
  if (output.json) {
    const { run, ...rest } = description;
    output.object({ ...run.record, directory: run.directory, config: run.config(), ...rest });
    return 0;
  }
  const { renderRun } = await import('../../../report/runs/run.ts');
  output.answer(renderRun(description, output.look(process.stdout)));
  return 0;
}
