import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXIT } from '../../../src/errors.ts';
import { readSweep } from '../../../src/sweep/session/read.ts';
import { MAIN } from '../../cli/support/run-cli.ts';
import { Dice } from '../../engine/support/samples.ts';
import { digests, table } from '../../sweep/support/sweep-case.ts';

const SHIM_SOURCE = fileURLToPath(new URL('../../../../test/faults/io-faults.c', import.meta.url));
/** No command takes so long; what hangs is a failure. */
const LIMIT_MS = 120_000;

const CALLS = ['write', 'fsync', 'open', 'read', 'rename', 'unlink', 'rmdir', 'link', 'mkdir', 'truncate', 'close'] as const;
type Call = (typeof CALLS)[number];
/** By their numbers on Linux. */
const ERRNOS = { ENOSPC: 28, EIO: 5, EACCES: 13, EMFILE: 24 } as const;
type Errno = keyof typeof ERRNOS;

/** One fault in one command. */
export interface FaultCase {
  scenario: string;
  call: Call;
  /** Which call of the kind, from 0. */
  at: number;
  /** once | lasting: it and all later ones | kill: the process dies there. */
  how: 'once' | 'lasting' | 'kill';
  errno: Errno;
}

/** A command that writes, where it starts, and what it must come to. */
interface Scenario {
  name: string;
  args: readonly string[];
  /** Where faults strike, relative to the place. */
  strikesIn: 'runs' | 'sweeps';
  /** Makes what the command starts from. */
  prepare: (place: string, bench: FaultBench) => Promise<void>;
  /** How to go on once the fault is gone; undefined if nothing had begun. */
  recover: (place: string) => readonly string[] | undefined;
  /** What must be the same as without the fault. */
  outcome: (place: string) => Record<string, unknown>;
}

const EXPERIMENT = `name: small
data: {source: {type: synthetic, kind: blobs, samples: 200}, split: {train: 120, val: 80, test: 0}}
model:
  layers: [{type: dense, units: 6, activation: relu}, {type: dense, units: 3}]
optimizer: {type: sgd, lr: 0.1}
numerics: {digest: {every: {steps: 5}}}
train: {epochs: 2, batch_size: 20, checkpoint: {every: {steps: 4}, keep: 1, best: {metric: val.loss}}}
parallel: {workers: 1}
track: {log_every: {steps: 1}}
`;
const SWEEP = `name: small
base: ./small.yaml
method: random
run_cap: 3
seed: 5
metric: {name: val.loss}
early_terminate: {type: asha, min: 1, max: 2, eta: 2}
parameters:
  optimizer.lr: {distribution: log_uniform_values, min: 0.001, max: 1}
execution: {cores: 1}
`;

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
}

/** All files below a directory but those that differ from time to time or may be made again. */
function filesBelow(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  const kept = names.filter((name) => !/(^|\/)(\.index|lock(\/.*)?)$/.test(name) && statSync(path.join(directory, name)).isFile());
  return Object.fromEntries(kept.map((name) => [name, readFileSync(path.join(directory, name)).toString('latin1')]));
}

/** What the experiment determines of a run, checkpoints by their names: they hold times. */
function runFiles(directory: string): Record<string, string> {
  const all = filesBelow(directory);
  const determined = Object.entries(all).filter(([name]) => /^(metrics|digests)\.jsonl$|^model.*\.safetensors$/.test(name));
  const checkpoints = Object.keys(all).filter((name) => name.startsWith('checkpoints/'));
  const { status } = JSON.parse(all['summary.json'] ?? '{}') as { status?: string };
  return { ...Object.fromEntries(determined), checkpoints: checkpoints.join(' '), status: String(status) };
}

function sweepOutcome(place: string): Record<string, unknown> {
  const [id = ''] = entries(path.join(place, 'sweeps'));
  const directory = path.join(place, 'sweeps', id);
  const state = readSweep(directory);
  return { status: state.status, table: table(state), digests: digests(directory, state) };
}

/** A run that has a config.yaml has begun. */
function begunRun(place: string, others: readonly string[] = []): string | undefined {
  const id = entries(path.join(place, 'runs')).find((name) => !others.includes(name));
  return id !== undefined && existsSync(path.join(place, 'runs', id, 'config.yaml')) ? `runs/${id}` : undefined;
}

function begunSweep(place: string): string | undefined {
  const [id] = entries(path.join(place, 'sweeps'));
  return id !== undefined && existsSync(path.join(place, 'sweeps', id, 'sweep.yaml')) ? `sweeps/${id}` : undefined;
}

const resumed = (run: string | undefined): readonly string[] | undefined => (run === undefined ? undefined : ['resume', run]);

/** Two finished runs by the names a and b. */
async function twoRuns(place: string, bench: FaultBench): Promise<void> {
  for (const id of ['a', 'b']) await bench.train(place, id);
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'train',
    args: ['train', 'small.yaml'],
    strikesIn: 'runs',
    prepare: () => Promise.resolve(),
    recover: (place) => resumed(begunRun(place)),
    outcome: (place) => runFiles(path.join(place, begunRun(place) ?? '')),
  },
  {
    name: 'resume',
    args: ['resume', 'runs/a'],
    strikesIn: 'runs',
    // Killed when the second checkpoint gets its name.
    prepare: (place, bench) => bench.train(place, 'a', { call: 'rename', at: 4 }),
    recover: () => ['resume', 'runs/a'],
    outcome: (place) => runFiles(path.join(place, 'runs/a')),
  },
  {
    name: 'extend',
    args: ['extend', 'runs/a', '--epochs', '3'],
    strikesIn: 'runs',
    prepare: (place, bench) => bench.train(place, 'a'),
    recover: (place) => resumed(begunRun(place, ['a'])),
    outcome: (place) => ({ ...runFiles(path.join(place, begunRun(place, ['a']) ?? '')), parent: filesBelow(path.join(place, 'runs/a')) }),
  },
  {
    name: 'sweep',
    args: ['sweep', 'sweep.yaml'],
    strikesIn: 'sweeps',
    prepare: () => Promise.resolve(),
    recover: (place) => {
      const sweep = begunSweep(place);
      return sweep === undefined ? undefined : ['sweep', 'resume', sweep];
    },
    outcome: sweepOutcome,
  },
  {
    name: 'sweep resume',
    args: ['sweep', 'resume'],
    strikesIn: 'sweeps',
    prepare: async (place, bench) => {
      await bench.run(place, ['sweep', 'sweep.yaml'], { in: 'sweeps', call: 'fsync', at: 60, how: 'kill', errno: 'EIO' });
    },
    recover: () => ['sweep', 'resume'],
    outcome: sweepOutcome,
  },
  {
    name: 'sweep report',
    args: ['sweep', 'report'],
    strikesIn: 'sweeps',
    prepare: async (place, bench) => {
      await bench.run(place, ['sweep', 'sweep.yaml']);
    },
    recover: () => ['sweep', 'report'],
    outcome: (place) => filesBelow(path.join(place, 'sweeps')),
  },
  {
    name: 'runs rm',
    args: ['runs', 'rm', 'runs/a', '--yes'],
    strikesIn: 'runs',
    prepare: twoRuns,
    // A removal that was cut off is completed by gc.
    recover: (place) => (existsSync(path.join(place, 'runs/a')) ? ['runs', 'rm', 'runs/a', '--yes'] : ['runs', 'gc']),
    outcome: (place) => ({ a: existsSync(path.join(place, 'runs/a')), b: runFiles(path.join(place, 'runs/b'))['metrics.jsonl'] }),
  },
  {
    name: 'runs gc',
    args: ['runs', 'gc'],
    strikesIn: 'runs',
    prepare: async (place, bench) => {
      await twoRuns(place, bench);
      cpSync(path.join(place, 'runs/b'), path.join(place, 'runs/.trash-b-abcdef'), { recursive: true });
      writeFileSync(path.join(place, 'runs/a/.tmp-1-1-00'), 'left by a crash');
    },
    recover: () => ['runs', 'gc'],
    outcome: (place) => filesBelow(path.join(place, 'runs')),
  },
  {
    name: 'runs tag',
    args: ['runs', 'tag', 'runs/a', '+good'],
    strikesIn: 'runs',
    prepare: (place, bench) => bench.train(place, 'a'),
    recover: () => ['runs', 'tag', 'runs/a', '+good'],
    outcome: (place) => filesBelow(path.join(place, 'runs')),
  },
];

interface Strike extends Omit<FaultCase, 'scenario'> {
  /** Part of the paths that count. */
  in: string;
}

interface Ended {
  code: number | null;
  stderr: string;
}

/** Where the program runs with faults under it; Linux with gcc. */
export class FaultBench {
  readonly #shim: string;
  readonly #home: string;
  readonly #expected = new Map<string, Promise<Record<string, unknown>>>();
  readonly #templates = new Map<string, Promise<void>>();
  readonly #children = new Set<ChildProcess>();
  #count = 0;

  private constructor(home: string, shim: string) {
    this.#home = home;
    this.#shim = shim;
  }

  /** @throws Error without gcc */
  static async make(): Promise<FaultBench> {
    const home = mkdtempSync(path.join(tmpdir(), 'gradloom-faults-'));
    const shim = path.join(home, 'io-faults.so');
    try {
      await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, SHIM_SOURCE, '-ldl']);
    } catch (cause) {
      rmSync(home, { recursive: true });
      throw new Error('cannot compile test/faults/io-faults.c', { cause });
    }
    return new FaultBench(home, shim);
  }

  dispose(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** All cases of the scenarios, as an undisturbed run of each makes calls. @param only  names of scenarios; all without */
  async cases(only: readonly string[] = []): Promise<FaultCase[]> {
    const all: FaultCase[] = [];
    for (const scenario of SCENARIOS) {
      if (only.length > 0 && !only.includes(scenario.name)) continue;
      const log = path.join(this.#home, `${scenario.name}.log`);
      const place = await this.#placeFor(scenario);
      const { code, stderr } = await this.run(
        place,
        scenario.args,
        { in: scenario.strikesIn, call: 'open', at: -1, how: 'once', errno: 'EIO' },
        log,
      );
      if (code !== EXIT.ok) throw new Error(`${scenario.name} without a fault ended with ${code}: ${stderr}`);
      this.#expected.set(scenario.name, Promise.resolve(scenario.outcome(place)));
      rmSync(place, { recursive: true });
      const calls = readFileSync(log, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]);
      for (const call of CALLS) {
        const count = calls.filter((other) => other === call).length;
        for (let at = 0; at < count; at++) {
          for (const errno of Object.keys(ERRNOS) as Errno[])
            for (const how of ['once', 'lasting'] as const) all.push({ scenario: scenario.name, call, at, how, errno });
          all.push({ scenario: scenario.name, call, at, how: 'kill', errno: 'EIO' });
        }
      }
    }
    return all;
  }

  /** @returns what is wrong with how the program took the fault */
  async check(fault: FaultCase): Promise<string | undefined> {
    const scenario = scenarioOf(fault.scenario);
    const expected = await this.#expectedOf(scenario);
    const place = await this.#placeFor(scenario);
    try {
      const problem = await this.#checkIn(place, scenario, fault, expected);
      const { call, at, how, errno } = fault;
      return problem && `${scenario.name}: ${call} ${at} ${how}${how === 'kill' ? '' : ` ${errno}`}: ${problem}`;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  async #checkIn(place: string, scenario: Scenario, fault: FaultCase, expected: Record<string, unknown>): Promise<string | undefined> {
    const { code, stderr } = await this.run(place, scenario.args, { ...fault, in: scenario.strikesIn });
    const isKilled = fault.how === 'kill' && code === null;
    if (!isKilled && !allowed(fault).includes(code ?? -1)) return `exit code ${code}: ${stderr}`;
    if (code === EXIT.ok) {
      const wrong = difference(outcomeOf(scenario, place), expected);
      return wrong && `exit code 0, but ${wrong}`;
    }
    const falsely = keptButMissing(place, stderr);
    if (falsely !== undefined) return falsely;
    const args = scenario.recover(place);
    if (args === undefined) return undefined;
    const again = await this.run(place, args);
    if (again.code !== EXIT.ok) return `after ${code}: ${args.join(' ')} ended with ${again.code}: ${again.stderr}\nbefore: ${stderr}`;
    const wrong = difference(isKilled ? withoutTemporary(outcomeOf(scenario, place)) : outcomeOf(scenario, place), expected);
    return wrong && `after ${code} and ${args.join(' ')}: ${wrong}\nbefore: ${stderr}`;
  }

  /** A finished run of a name of its own; one that was killed before a call. */
  async train(place: string, id: string, killAt?: Pick<FaultCase, 'call' | 'at'>): Promise<void> {
    const parent = `made-${id}`;
    await this.run(place, ['train', 'small.yaml', '--dir', parent], killAt && { ...killAt, in: parent, how: 'kill', errno: 'EIO' });
    const [made = ''] = entries(path.join(place, parent));
    mkdirSync(path.join(place, 'runs'), { recursive: true });
    cpSync(path.join(place, parent, made), path.join(place, 'runs', id), { recursive: true });
    rmSync(path.join(place, parent), { recursive: true });
  }

  /** Runs the command line to its end. @param log  gets all calls */
  run(place: string, args: readonly string[], strike?: Strike, log?: string): Promise<Ended> {
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    if (strike !== undefined)
      Object.assign(env, {
        LD_PRELOAD: this.#shim,
        FAULT_PLACE: path.join(place, strike.in),
        FAULT_CALL: strike.call,
        FAULT_AT: String(strike.at === -1 ? 2 ** 30 : strike.at),
        FAULT_COUNT: strike.how === 'lasting' ? String(2 ** 30) : '1',
        FAULT_ERRNO: String(ERRNOS[strike.errno]),
        ...(strike.how === 'kill' && { FAULT_KILL: '1' }),
        ...(log !== undefined && { FAULT_LOG: log }),
      });
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [MAIN, ...args, '--quiet'], {
        cwd: place,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: LIMIT_MS,
      });
      this.#children.add(child);
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => {
        this.#children.delete(child);
        resolve({ code, stderr });
      });
    });
  }

  #expectedOf(scenario: Scenario): Promise<Record<string, unknown>> {
    const known = this.#expected.get(scenario.name);
    if (known !== undefined) return known;
    const made = (async (): Promise<Record<string, unknown>> => {
      const place = await this.#placeFor(scenario);
      const { code, stderr } = await this.run(place, scenario.args);
      if (code !== EXIT.ok) throw new Error(`${scenario.name} without a fault ended with ${code}: ${stderr}`);
      const outcome = scenario.outcome(place);
      rmSync(place, { recursive: true });
      return outcome;
    })();
    this.#expected.set(scenario.name, made);
    return made;
  }

  /** A directory to work in, as the scenario starts. */
  async #placeFor(scenario: Scenario): Promise<string> {
    const template = path.join(this.#home, 'templates', scenario.name);
    this.#templates.set(scenario.name, this.#templates.get(scenario.name) ?? this.#prepare(scenario, template));
    await this.#templates.get(scenario.name);
    const place = path.join(this.#home, `place-${this.#count++}`);
    cpSync(template, place, { recursive: true, preserveTimestamps: true });
    return place;
  }

  async #prepare(scenario: Scenario, place: string): Promise<void> {
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'small.yaml'), EXPERIMENT);
    writeFileSync(path.join(place, 'sweep.yaml'), SWEEP);
    await scenario.prepare(place, this);
  }

  /**
   * A sweep on a file system of so many bytes, which then gets more.
   *
   * @param kilobytes  at first
   * @returns how it ended on so little, and what is wrong; undefined where this process may not mount
   */
  async checkFull(kilobytes: number): Promise<{ code: number | null; problem: string | undefined } | undefined> {
    const scenario = scenarioOf('sweep');
    const expected = await this.#expectedOf(scenario);
    const place = await this.#placeFor(scenario);
    const sweeps = path.join(place, 'sweeps');
    mkdirSync(sweeps);
    const run = promisify(execFile);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', sweeps]);
    } catch {
      rmSync(place, { recursive: true });
      return undefined;
    }
    try {
      const full = await this.run(place, scenario.args);
      const { code } = full;
      const told = (problem: string): { code: number | null; problem: string } => ({ code, problem: `${kilobytes} KB: ${problem}` });
      if (code !== EXIT.ok && code !== EXIT.storage) return told(`exit code ${code}: ${full.stderr}`);
      await run('mount', ['-o', 'remount,size=64m', sweeps]);
      const args = scenario.recover(place);
      if (args === undefined) return { code, problem: undefined };
      const again = await this.run(place, args);
      if (again.code !== EXIT.ok) return told(`${args.join(' ')} ended with ${again.code}: ${again.stderr}\nbefore: ${full.stderr}`);
      const wrong = difference(outcomeOf(scenario, place), expected);
      return wrong === undefined ? { code, problem: undefined } : told(`after ${code}: ${wrong}\nbefore: ${full.stderr}`);
    } finally {
      await run('umount', [sweeps]);
      rmSync(place, { recursive: true, force: true });
    }
  }
}

/** A slice of the cases that the seed alone decides, of all scenarios by turns; all of them if the limit is no smaller. */
export function slice(cases: readonly FaultCase[], limit: number, seed: number): FaultCase[] {
  if (limit >= cases.length) return [...cases];
  const dice = new Dice(seed);
  const left = [...new Set(cases.map(({ scenario }) => scenario))].map((name) => cases.filter(({ scenario }) => scenario === name));
  const chosen: FaultCase[] = [];
  for (let turn = 0; chosen.length < limit; turn++) {
    const own = left[turn % left.length] ?? [];
    if (own.length > 0) chosen.push(...own.splice(dice.int(0, own.length - 1), 1));
  }
  return chosen;
}

function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((other) => other.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
}

/** A file that cannot be read is what it seems: not there, or damaged. */
function allowed({ call }: FaultCase): number[] {
  const always = [EXIT.ok, EXIT.storage, EXIT.unavailable, EXIT.busy];
  return call === 'read' ? [...always, EXIT.data, EXIT.config, EXIT.usage] : always;
}

/** Whatever is wrong with what is there is told, not thrown. */
function outcomeOf(scenario: Scenario, place: string): Record<string, unknown> {
  try {
    return scenario.outcome(place);
  } catch (error) {
    return { error: String(error) };
  }
}

/** What a killed process was writing stays, under a name of its own, until nobody can be at work on it any more. */
function withoutTemporary(found: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(found).filter(([name]) => !/(?:^|\/)\.tmp-\d+-[0-9a-f]{16}$/.test(name)));
}

function difference(found: Record<string, unknown>, expected: Record<string, unknown>): string | undefined {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [is, should] = [JSON.stringify(found[name]), JSON.stringify(expected[name])];
    if (is !== should) return `${name} is ${is?.slice(0, 300)}, expected ${should?.slice(0, 300)}`;
  }
  return undefined;
}

/** What an error says is kept must be there. */
function keptButMissing(place: string, stderr: string): string | undefined {
  const [, kept = ''] = /^kept: (.*)$/m.exec(stderr) ?? [];
  const [, run, checkpoint] = /(\S+), metrics up to step \d+.*?(?:checkpoint of step (\d+))/.exec(kept) ?? [];
  if (run === undefined || checkpoint === undefined) return undefined;
  const name = `step-${checkpoint.padStart(12, '0')}.safetensors`;
  return existsSync(path.join(path.resolve(place, run), 'checkpoints', name)) ? undefined : `kept says ${kept}, but ${name} is not there`;
}
