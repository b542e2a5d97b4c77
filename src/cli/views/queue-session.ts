import { spawn } from 'node:child_process';
import { EXIT } from '../../errors.ts';
import type { MetricsAddress, MetricsServer } from '../../remote/metrics/server.ts';
import type { Fleet } from '../../remote/queue/fleet.ts';
import type { QueueSession } from '../../remote/session/queue-session.ts';
import { shortPath } from '../../report/runs/results.ts';
import { renderTally } from '../../report/sweep/agents.ts';
import { commandOf, shellWord } from '../../storage/shell.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepOptions } from '../../sweep/session/options.ts';
import type { SweepRun } from '../../sweep/session/sweep.ts';
import type { ExitNow } from '../arguments/command.ts';
import { BACKGROUND_VARIABLE, QUEUE_VARIABLE, type QueueRequest } from '../arguments/queue.ts';
import { Display } from '../terminal/display.ts';
import { warningLine } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';

type StartSweep = (options: Pick<SweepOptions, 'signal' | 'executor'>) => SweepRun;

export interface QueueSessionRequest {
  queue: QueueRequest;
  /** Return at once; the sweep goes on in the background. */
  detach: boolean;
  /** Where Prometheus finds metrics, if it is to. */
  metrics: MetricsAddress | undefined;
}

/**
 * Shows a sweep that agents train, as one that is trained here. Ctrl-C ends the look at it, not the sweep, which goes on in a process of its own.
 *
 * @param open  finds the sweep, and gives what begins it; the directory of one that has begun
 * @returns the exit code
 */
export async function showQueueSession(
  output: Output,
  exitNow: ExitNow,
  { queue, detach, metrics }: QueueSessionRequest,
  open: (fleet: Fleet) => Promise<{ settings: SweepSettings; start: StartSweep; directory?: string }>,
): Promise<number> {
  const display = new Display(output);
  const isBackground = process.env[BACKGROUND_VARIABLE] === '1';
  const onFirst = isBackground ? 'ending' : 'the sweep goes on without you; once more to stop at once';
  return stoppable({ display, onFirst, exitNow }, async (stop) => {
    const [{ Fleet: FleetClass }, { QueueSession: SessionClass }, { takeOver }, { SweepView }] = await Promise.all([
      import('../../remote/queue/fleet.ts'),
      import('../../remote/session/queue-session.ts'),
      import('../../remote/queue/manage.ts'),
      import('./sweep.ts'),
    ]);
    const fleet = await FleetClass.open(queue);
    let serving: MetricsServer | undefined;
    try {
      const { settings, start, directory } = await open(fleet);
      if (directory !== undefined) await takeOver(fleet, directory);
      const tell = (message: string): void => display.say(warningLine({ code: 'W_QUEUE', message }, output));
      for (const doubt of fleet.doubts) tell(`${fleet.shown}: ${doubt}`);
      const session = new SessionClass(fleet, { settings, tell, isBackground });
      const signals = [stop.signal, session.signal, ...(detach ? [AbortSignal.abort()] : [])];
      // Whoever goes on in the background needs none so much that the sweep may end for it.
      serving = await metricsOf(session, metrics).catch((error: Error) => {
        if (!isBackground) throw error;
        tell(error.message);
        return undefined;
      });
      if (serving !== undefined && !detach) display.say(`metrics for Prometheus: ${serving.url}`);
      const view = new SweepView(output, display, settings);
      const run = start({ signal: AbortSignal.any(signals), executor: session.executor });
      for await (const event of run) {
        session.hear(event);
        view.show(event);
      }
      const summary = await run.result.catch(async (error: Error) => {
        await session.fail(error);
        throw error;
      });
      await session.end(summary);
      const goesOn = summary.status === 'interrupted' && !session.isCancelled && !isBackground;
      // The next one has the port.
      if (goesOn) await serving?.close();
      const pid = goesOn ? goOnInBackground(summary.directory, queue, metrics) : undefined;
      if (output.json) {
        const { sweepObject } = await import('../../report/sweep/files.ts');
        const { reason, failed, seconds } = summary;
        const background = pid === undefined ? {} : { background: { pid } };
        output.object({ ...sweepObject(summary), reason, failed, seconds, agents: session.tally?.agents ?? [], ...background });
      }
      if (!detach) view.showResults(summary, !goesOn);
      if (session.tally !== undefined) for (const line of renderTally(session.tally, summary.seconds)) output.result(line);
      if (pid !== undefined) {
        display.say(`the sweep goes on in the background (process ${pid})`);
        const place = shortPath(summary.directory);
        output.next(`${commandOf('sweep status', place)}   # how far it is`);
        output.next(
          `${commandOf('sweep resume', place)} --queue ${shellWord(fleet.shown)} --store ${shellWord(fleet.store.shown)}   # follow it again`,
        );
        if (detach) return EXIT.ok;
      }
      if (session.isCancelled) display.say('the sweep was cancelled; what agents had is saved');
      if (summary.status === 'interrupted') return stop.exitCode ?? EXIT.interrupted;
      return summary.failed > 0 ? EXIT.trials : EXIT.ok;
    } finally {
      await serving?.close();
      await fleet.close();
    }
  });
}

async function metricsOf(session: QueueSession, address: MetricsAddress | undefined): Promise<MetricsServer | undefined> {
  if (address === undefined) return undefined;
  const { serveMetrics } = await import('../../remote/metrics/server.ts');
  return serveMetrics(address, () => session.metrics());
}

/** The password goes by the environment, which nobody else can read. @returns the process that decides from now on */
function goOnInBackground(
  directory: string,
  { queue, store, insecure }: QueueRequest,
  metrics: MetricsAddress | undefined,
): number | undefined {
  const more = [...(insecure ? ['--insecure'] : []), ...(metrics === undefined ? [] : ['--metrics', `${metrics.host}:${metrics.port}`])];
  const words = ['sweep', 'resume', directory, '--queue', 'env', '--store', store, ...more, '--quiet'];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...words], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [QUEUE_VARIABLE]: queue, [BACKGROUND_VARIABLE]: '1' },
  });
  child.unref();
  return child.pid;
}
