import { defineCommand, type ExitNow } from './command.ts';
import { followRun } from './follow.ts';
import type { Output } from './output.ts';
import { countOf, RUNS_DIR, runsDirOf, runWords } from './run-arguments.ts';

interface ResumeRequest {
  run: string;
  workers?: number;
  dir?: string;
}

/** `gradloom resume`. */
export const resume = defineCommand<ResumeRequest>({
  positionals: runWords(1, 1),
  describe: 'Go on with a run from its newest checkpoint: its files end as if nothing had happened',
  options: { workers: { value: 'N', describe: 'worker threads, for this part of the run; the result is the same' }, ...RUNS_DIR },
  examples: [
    ['$0 resume @last', 'the run that started last'],
    ['$0 resume runs/mnist-20260101-120000-29898d --workers 4', 'with four threads from here on'],
  ],
  request: (args) => {
    const workers = countOf(args, 'workers');
    return { run: args.text('run') ?? '', ...(workers && { workers }), ...runsDirOf(args) };
  },
  run: resumeCommand,
});

async function resumeCommand({ run: word, workers, dir }: ResumeRequest, output: Output, exitNow: ExitNow): Promise<number> {
  return followRun(
    async (signal) => {
      const [{ findRun }, runs] = await Promise.all([import('../runs/store.ts'), import('../runs/resume.ts')]);
      const { directory, record } = await findRun(word, dir);
      if (record.status === 'finished') output.note('finished already: nothing to do');
      return runs.resume(directory, { signal, workers });
    },
    output,
    exitNow,
  );
}
