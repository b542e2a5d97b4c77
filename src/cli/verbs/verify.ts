import { printable } from '../../errors.ts';
import { type Arguments, defineCommand, type ExitNow } from '../arguments/command.ts';
import { listOf, RUNS_DIR, runsDirOf, runWords } from '../arguments/runs.ts';
import { Display } from '../terminal/display.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';

/** Of the verdict's lines after its first. */
const INDENT = 6;

interface VerifyRequest {
  run: string;
  workers?: number[];
  dir?: string;
}

/** `gradloom verify`. */
export const verify = defineCommand<VerifyRequest>({
  positionals: runWords(1, 1),
  describe: 'Train a run again in a temporary place and compare its digests: the same to the bit, or the first step and tensor that differ',
  options: {
    workers: { value: 'LIST', repeats: true, describe: 'worker counts to train with, by comma; each must give the same' },
    ...RUNS_DIR,
  },
  examples: [
    ['$0 verify @last', 'the run that started last'],
    ['$0 verify 29898d --workers 1,3', 'with one worker, then with three'],
  ],
  request: (args) => {
    const workers = workerCounts(args);
    return { run: args.text('run') ?? '', ...(workers && { workers }), ...runsDirOf(args) };
  },
  run: verifyCommand,
});

function workerCounts(args: Arguments): number[] | undefined {
  return listOf(args, 'workers')?.map((text) => {
    if (!/^[1-9]\d{0,3}$/.test(text)) throw args.error(`--workers: expected numbers from 1, by comma; got ${printable(text)}`);
    return Number(text);
  });
}

async function verifyCommand({ run: word, workers, dir }: VerifyRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  display.showReading();
  return stoppable({ display, onFirst: 'stopping after the step; nothing is kept', exitNow }, async (stop) => {
    const [{ findRun }, runs, report, { wrapped }] = await Promise.all([
      import('../../runs/store/store.ts'),
      import('../../runs/training/verify.ts'),
      import('../../report/runs/verify.ts'),
      import('../../report/text/wrapped.ts'),
    ]);
    const { directory, record } = await findRun(word, dir);
    const run = runs.verify(directory, { signal: stop.signal, workers });
    for await (const event of run) {
      if (event.type === 'progress') display.update([report.renderVerifying(event).slice(0, display.width)]);
      else {
        display.clear();
        output.note(report.renderReplay(event.replay));
      }
    }
    const result = await run.result;
    display.clear();
    if (output.json) output.object({ id: record.id, ...result });
    if (result.status === 'interrupted') return stop.exitCode ?? 0;
    const { columns } = output.look(output.resultStream);
    output.result(wrapped(report.renderVerification(record.id, result), columns - INDENT, INDENT));
    return 0;
  });
}
