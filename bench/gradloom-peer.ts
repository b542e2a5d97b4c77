import { Engine } from '../src/engine/coordinator/engine.ts';
import { SEGMENT_STEPS } from '../src/engine/plan/memory.ts';
import { packageVersion } from '../src/machine/version.ts';
import type { Peer } from './peer.ts';
import { peakBytes } from './start.ts';
import { experimentOf, RunningWorkload, type Workload } from './workloads.ts';

/** gradloom as one of the programs that are compared: the engine in this process. */
export class GradloomPeer implements Peer {
  readonly version = `gradloom ${packageVersion()}, node ${process.version}`;
  readonly #workload: Workload;
  readonly #workers: number;
  readonly #overrides: readonly string[];
  readonly #running: RunningWorkload;

  private constructor(workload: Workload, workers: number, overrides: readonly string[], running: RunningWorkload) {
    this.#workload = workload;
    this.#workers = workers;
    this.#overrides = overrides;
    this.#running = running;
  }

  /** @throws GradloomError where this build or machine does not have what the overrides ask for */
  static async start(workload: Workload, workers: number, overrides: readonly string[]): Promise<GradloomPeer> {
    const running = await RunningWorkload.start(experimentOf(workload, overrides, false), workers);
    return new GradloomPeer(workload, workers, overrides, running);
  }

  async train(steps: number): Promise<{ seconds: number; rows: number }> {
    let [seconds, rows] = [0, 0];
    for (let done = 0; done < steps; ) {
      const block = await this.#running.run(Math.min(SEGMENT_STEPS, steps - done));
      seconds += block.seconds;
      rows += block.samplesPerSecond * block.seconds;
      done += block.steps;
    }
    return { seconds, rows };
  }

  async loss(): Promise<number | null> {
    const { runner } = this.#running;
    const evaluation = runner instanceof Engine ? await runner.evaluate('train') : undefined;
    return evaluation?.loss ?? null;
  }

  async peakBytes(): Promise<number> {
    return peakBytes(this.#workload, this.#workers, this.#overrides);
  }

  close(): Promise<void> {
    return this.#running.close();
  }
}
