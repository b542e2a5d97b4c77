import { defineCommand } from './command.ts';
import { columnsOf, type Output } from './output.ts';
import { RUNS_DIR, runsDirOf, runWords } from './run-arguments.ts';

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
  const [{ findRun }, { describeRun }] = await Promise.all([import('../runs/store.ts'), import('../runs/describe.ts')]);
  const description = describeRun(await findRun(word, dir));
  if (output.json) {
    const { run, ...rest } = description;
    output.object({ ...run.record, directory: run.directory, config: run.config(), ...rest });
    return 0;
  }
  const [{ renderRun }, { painter }] = await Promise.all([import('../report/run.ts'), import('../report/paint.ts')]);
  const look = { boxed: process.stdout.isTTY, columns: columnsOf(process.stdout), paint: painter(process.stdout) };
  output.answer(renderRun(description, look));
  return 0;
}
