import { GradloomError, printable } from '../../errors.ts';
import type { ReportFiles } from '../../report/speedup/files.ts';
import type { SpeedupEvent } from '../../speedup/events.ts';
import type { SettingArgument } from '../../speedup/load.ts';
import { type Arguments, defineCommand, type ExitNow } from '../arguments/command.ts';
import { configFile } from '../arguments/config-file.ts';
import { fileAndOverrides, fileOf } from '../arguments/positionals.ts';
import { Display } from '../terminal/display.ts';
import { showNotices, warningLine } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';
import { isMember, type RanksRequest, ranksOf, runRanks, serveRanks } from '../views/speedup-ranks.ts';

interface SpeedupRequest {
  file: string;
  overrides: readonly string[];
  settings: readonly SettingArgument[];
  files: ReportFiles;
  /** Ranks in place of workers. */
  ranks?: RanksRequest;
  /** The result is printed, and kept nowhere. */
  isUnsaved?: true;
}

/** `gradloom speedup`. */
export const speedup = defineCommand<SpeedupRequest>({
  positionals: fileAndOverrides('experiment or speedup file (YAML)'),
  describe: 'Measure what more workers buy: the same work at each worker count; FILE is an experiment or a speedup file',
  options: {
    workers: { value: 'LIST', describe: 'worker counts, such as 1..4 or 1,2,4; default 1 to the usable cores' },
    mode: {
      value: 'MODE',
      values: ['strong', 'weak', 'both'],
      describe: 'strong (the same batch), weak (the batch grows with the workers) or both',
    },
    steps: { value: 'N', describe: 'parameter updates of one repetition' },
    seconds: { value: 'S', describe: 'in place of --steps: as many updates as one worker does in S seconds; default 1' },
    repeats: { value: 'N', describe: 'repetitions of each row; default 8' },
    'batch-sizes': { value: 'LIST', describe: 'also a map of batch sizes against worker counts' },
    baselines: { value: 'LIST', describe: 'of sequential, unsliced, javascript; default sequential' },
    'time-to': { value: 'METRIC=VALUE', describe: 'also the time until the experiment reaches it: val.accuracy=0.95' },
    predict: {
      value: 'LIST',
      describe: 'also predict these worker counts, beyond the cores of this machine: 64 or 16,64; with --ranks, machines',
    },
    ranks: { value: 'LIST', describe: 'in place of --workers: processes that train together by MPI, such as 1,2,4; see docs/mpi.md' },
    hosts: { value: 'LIST', describe: 'of --ranks: where they run, as of gradloom train; default this machine' },
    confidence: { value: 'C', describe: 'of the intervals; default 0.95' },
    csv: { value: 'FILE', describe: 'write all numbers' },
    md: { value: 'FILE', describe: 'write the tables as Markdown' },
    svg: { value: 'FILE', describe: 'write the charts' },
    html: { value: 'FILE', describe: 'write a report of one page' },
    'no-save': { describe: 'leave out speedups/NAME-TIME-ID.json, which gradloom ui shows' },
  },
  examples: [
    ['$0 speedup configs/mnist.yaml --workers 1..4', 'one to four workers, about half a minute'],
    ['$0 speedup configs/mnist.yaml --batch-sizes 16,64,256,1024', 'when does a second core pay?'],
    ['$0 speedup configs/mnist.yaml --time-to val.accuracy=0.95', 'how long each worker count takes to get there'],
    ['$0 speedup configs/mnist.yaml --predict 64', 'what 64 cores would buy, and what limits there'],
    ['$0 speedup configs/mnist.yaml --ranks 1,2 --predict 2,4,8,16', 'what two ranks cost here, and machines in a network would buy'],
    ['$0 speedup configs/speedup-mnist.yaml --html speedup.html', 'as the speedup file says, with a report'],
  ],
  request: (args) => {
    const ranks = ranksOf(args);
    return {
      ...fileOf(args),
      settings: settingsOf(args),
      files: filesOf(args),
      ...(ranks && { ranks }),
      ...(args.flag('no-save') && { isUnsaved: true }),
    };
  },
  run: (request, output, exitNow) =>
    isMember() ? serveRanks(request.file, request.overrides, output) : runSpeedup(request, output, exitNow),
});

/** Options that are keys of a speedup file, with the key. */
const SETTINGS: Record<string, string> = {
  workers: 'workers',
  mode: 'mode',
  steps: 'work.steps',
  seconds: 'work.seconds',
  repeats: 'repeats',
  'batch-sizes': 'batch_sizes',
  baselines: 'baselines',
  'time-to': 'time_to',
  predict: 'predict',
  confidence: 'confidence',
};

function settingsOf(args: Arguments): SettingArgument[] {
  if (args.text('steps') !== undefined && args.text('seconds') !== undefined)
    throw args.error('--steps and --seconds: give one of the two');
  return Object.entries(SETTINGS).flatMap(([name, key]) => {
    const text = args.text(name);
    if (text === undefined) return [];
    // A list of words needs brackets to be YAML's.
    return [{ option: `--${name}`, key, text: name === 'baselines' && !text.startsWith('[') ? `[${text}]` : text }];
  });
}

function filesOf(args: Arguments): ReportFiles {
  const [csv, md, svg, html] = ['csv', 'md', 'svg', 'html'].map((name) => args.text(name));
  return { ...(csv && { csv }), ...(md && { md }), ...(svg && { svg }), ...(html && { html }) };
}

async function runSpeedup(request: SpeedupRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  display.showReading();
  return stoppable({ display, onFirst: 'finishing the repetition; once more to stop at once', exitNow }, async (stop) => {
    const { loadSpeedup } = await import('../../speedup/load.ts');
    const file = await configFile(request.file, output);
    const { loaded, settings } = loadSpeedup(file, request.overrides, request.settings);
    showNotices(loaded.notices, output);
    const [{ measureSpeedup }, report, { writeReports }, { keepResult }] = await Promise.all([
      import('../../speedup/speedup.ts'),
      import('../../report/speedup/speedup.ts'),
      import('../../report/speedup/files.ts'),
      import('../../report/speedup/keep.ts'),
    ]);
    const run =
      request.ranks === undefined
        ? measureSpeedup(loaded, { ...settings, signal: stop.signal })
        : await runRanks(loaded.experiment, settings, { ...request, file }, stop.signal);
    const show = (event: SpeedupEvent): void => {
      if (event.type === 'start') {
        const rows = `${request.ranks === undefined ? 'workers' : 'ranks'} ${event.workers.join(', ')}`;
        display.say(
          `${printable(event.name)}: ${event.parameters.toLocaleString('en-US')} parameters, ${rows}; ${event.repetitions} repetitions`,
        );
      } else if (event.type === 'warning') display.say(warningLine(event, output));
      else if (event.type === 'progress' || event.type === 'search') {
        const line = event.type === 'search' ? report.renderSearching(event) : report.renderMeasuring(event);
        if (display.isLive) display.update([line.slice(0, display.width)]);
        else output.note(line);
      } else display.clear();
    };
    for await (const event of run) show(event);
    const result = await run.result;
    if (output.json) output.object(result);
    const stream = output.resultStream;
    output.result(`\n${report.renderSpeedup(result, output.look(stream))}`);
    for (const file of await writeReports(result, request.files)) output.note(`saved  ${printable(file, Number.POSITIVE_INFINITY)}`);
    if (request.isUnsaved !== true) await keep(() => keepResult(result), output);
    return result.status === 'interrupted' ? (stop.exitCode ?? 0) : 0;
  });
}

/** The printed result is what was asked for: where no file of it can be, that is told, and no failure. */
async function keep(write: () => Promise<string | undefined>, output: Output): Promise<void> {
  try {
    const file = await write();
    if (file !== undefined) output.note(`saved  ${printable(file, Number.POSITIVE_INFINITY)}`);
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    const message = `${error.where ?? ''}: ${error.message}; this result is kept as it is printed, and --no-save leaves the file out`;
    output.note(warningLine({ code: 'W_STORAGE', message }, output));
  }
}
