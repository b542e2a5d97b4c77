import { printable } from '../errors.ts';
import type { SpeedupEvent } from '../speedup/events.ts';
import { LiveStatus } from './live.ts';
import { showNotices } from './notices.ts';
import { columnsOf, type Output } from './output.ts';
import type { SpeedupRequest } from './parse.ts';
import { Stop } from './signals.ts';

/**
 * `gradloom speedup`.
 *
 * @param exitNow  ends the process when the user does not want to wait
 * @returns the exit code
 */
export async function speedupCommand(request: SpeedupRequest, output: Output, exitNow: (code: number) => void): Promise<number> {
  const live = process.stderr.isTTY && process.env['TERM'] !== 'dumb' && !output.quiet ? new LiveStatus(output) : undefined;
  const keep = (line: string): void => (live === undefined ? output.note(line) : live.keep(line));
  output.wipeBeforeErrors(() => live?.clear());
  const stop = new Stop({
    onFirst: (signal) => keep(`${signal}: finishing the repetition; once more to stop at once`),
    onSecond: (code) => {
      live?.clear();
      exitNow(code);
    },
  });
  try {
    const { loadSpeedup } = await import('../speedup/load.ts');
    const { loaded, settings } = loadSpeedup(request.file, request.overrides, request.settings);
    showNotices(loaded.notices, output);
    const [{ measureSpeedup }, report, { painter }, { writeReports }] = await Promise.all([
      import('../speedup/speedup.ts'),
      import('../report/speedup.ts'),
      import('../report/paint.ts'),
      import('../report/speedup-files.ts'),
    ]);
    const run = measureSpeedup(loaded, { ...settings, signal: stop.signal });
    const show = (event: SpeedupEvent): void => {
      if (event.type === 'start') {
        const rows = event.workers.join(', ');
        keep(
          `${printable(event.name)}: ${event.parameters.toLocaleString('en-US')} parameters, workers ${rows}; ${event.repetitions} repetitions`,
        );
      } else if (event.type === 'warning') keep(`${output.paint('yellow', `warning[${event.code}]`)}  ${event.message}`);
      else if (event.type === 'progress') {
        const line = report.renderMeasuring(event);
        if (live === undefined) output.note(line);
        else live.update([line.slice(0, columnsOf(process.stderr) - 1)]);
      } else live?.clear();
    };
    for await (const event of run) show(event);
    const result = await run.result;
    if (output.json) output.object(result);
    const stream = output.resultStream;
    output.result(`\n${report.renderSpeedup(result, { boxed: stream.isTTY, paint: painter(stream) })}`);
    for (const file of await writeReports(result, request.files)) output.note(`saved  ${printable(file, Number.POSITIVE_INFINITY)}`);
    return result.status === 'interrupted' ? (stop.exitCode ?? 0) : 0;
  } finally {
    stop.release();
  }
}
