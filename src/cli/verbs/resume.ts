import type { Team } from '../../engine/team/team.ts';
import { printable } from '../../errors.ts';
import { type Arguments, defineCommand, type ExitNow, usageError } from '../arguments/command.ts';
import { RUNS_DIR, runsDirOf, runWords } from '../arguments/runs.ts';
import type { Output } from '../terminal/output.ts';
import { followRun } from '../views/follow.ts';
import { inTeam } from '../views/team.ts';

interface ResumeRequest {
  run: string;
  workers?: number | 'auto';
  dir?: string;
}

/** `gradloom resume`. */
export const resume = defineCommand<ResumeRequest>({
  positionals: runWords(1, 1),
  describe: 'Go on with a run, or a cross-validation, from its newest checkpoint: its files end as if nothing had happened',
  options: { workers: { value: 'N', describe: 'worker threads, or auto, for this part of the run; the result is the same' }, ...RUNS_DIR },
  examples: [
    ['$0 resume @last', 'the run that started last'],
    ['$0 resume runs/mnist-20260101-120000-29898d --workers 4', 'with four threads from here on'],
  ],
  request: (args) => {
    const workers = workersToResume(args);
    return { run: args.text('run') ?? '', ...(workers && { workers }), ...runsDirOf(args) };
  },
  run: (request, output, exitNow) => inTeam(output, (team) => resumeCommand(request, output, exitNow, team)),
});

function workersToResume(args: Arguments): number | 'auto' | undefined {
  const given = args.text('workers');
  if (given === undefined || given === 'auto') return given;
  if (!/^[1-9]\d{0,8}$/.test(given)) throw args.error(`--workers: expected a whole number from 1 or auto; got ${printable(given)}`);
  return Number(given);
}

async function resumeCommand(
  { run: word, workers, dir }: ResumeRequest,
  output: Output,
  exitNow: ExitNow,
  team: Team | undefined,
): Promise<number> {
  const engine = { team };
  if (team !== undefined && team.member > 0) {
    // Rank 0 says which run it is.
    const { resume: join } = await import('../../runs/training/resume.ts');
    return followRun(async (signal) => join('', { signal, workers, engine }), output, exitNow);
  }
  const { findCrossValidation } = await import('../../sweep/folds/find.ts');
  const folds = await findCrossValidation(word, dir);
  if (folds !== undefined && team !== undefined) throw usageError('a cross-validation cannot be resumed by several ranks', 'resume');
  if (folds !== undefined) return resumeFolds(folds, workers, output, exitNow);
  return followRun(
    async (signal) => {
      const [{ findRun }, runs] = await Promise.all([import('../../runs/store/store.ts'), import('../../runs/training/resume.ts')]);
      const { directory, record } = await findRun(word, dir);
      if (record.status === 'finished') output.note('finished already: nothing to do');
      return runs.resume(directory, { signal, workers, engine });
    },
    output,
    exitNow,
  );
}

async function resumeFolds(directory: string, workers: ResumeRequest['workers'], output: Output, exitNow: ExitNow): Promise<number> {
  const [{ resumeCrossValidation }, { readCrossValidation }, { followFolds }] = await Promise.all([
    import('../../sweep/folds/cross-validate.ts'),
    import('../../sweep/folds/result.ts'),
    import('../views/folds.ts'),
  ]);
  const { status, folds } = readCrossValidation(directory);
  if (status === 'finished' && !folds.values.includes(null)) output.note('finished already: nothing to do');
  return followFolds(folds.values.length, (signal) => resumeCrossValidation(directory, { signal, workers }), output, exitNow);
}
