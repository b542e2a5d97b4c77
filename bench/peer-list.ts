import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GradloomPeer } from './gradloom-peer.ts';
import { type Peer, PeerError, type PeerSetup, ProcessPeer } from './peer.ts';
import type { Workload } from './workloads.ts';

/** Compiled to dist/bench; the peers' programs stay where they are. */
export const PEERS_DIRECTORY = fileURLToPath(new URL('../../bench/peers/', import.meta.url));

const PYTHON_HINT = 'on Debian: apt-get install python3-torch python3-numpy libopenblas0-openmp; or --python FILE';
const NPM_HINT = 'npm run bench:peers -- --install';

/** What starting a peer needs to know. */
export interface StartContext {
  workload: Workload;
  setup: PeerSetup;
  /** Of the gradloom experiments. */
  overrides: readonly string[];
  pythons: Pythons;
}

export interface PeerSpec {
  name: string;
  /** One line for the page: what the program is. */
  what: string;
  /** Relative difference of the loss after the same steps that rounding explains; undefined where the loss cannot be compared. */
  tolerance?: number;
  /** Beginnings of the names of the workloads that it does in reasonable time; without it all. */
  only?: readonly string[];
  /** Its program knows dense layers, no convolutions. */
  denseOnly?: true;
  /** Numbers of threads to try, of those given; the fastest counts. */
  threads(counts: readonly number[]): readonly number[];
  start(context: StartContext, threads: number): Promise<Peer>;
}

const all = (counts: readonly number[]): readonly number[] => counts;
const single = (): readonly number[] => [1];
const most = (counts: readonly number[]): readonly number[] => counts.slice(-1);
const ends = (counts: readonly number[]): readonly number[] => [...new Set([counts[0] ?? 1, counts.at(-1) ?? 1])];

export const PEERS: readonly PeerSpec[] = [
  gradloom('gradloom', 'gradloom as npm installs it', []),
  gradloom('gradloom-wasm', 'gradloom without machine code: parallel.code=wasm', ['parallel.code=wasm']),
  python('torch', 'torch_eager.py', 'torch', 'PyTorch eager: nn.Sequential, autograd, torch.optim', all),
  python('torch-manual', 'torch_manual.py', 'torch', 'PyTorch without autograd: hand-written gradients, updates in place', all, {
    denseOnly: true,
  }),
  python('torch-ddp', 'torch_ddp.py', 'torch', 'PyTorch DistributedDataParallel over gloo, one process a core', most),
  python('numpy', 'numpy_peer.py', 'numpy', 'numpy f32, hand-written gradients', all, { denseOnly: true }),
  npm('tfjs-wasm', ['tfjs.mjs', 'wasm'], 'TensorFlow.js, wasm backend, layers API', { tolerance: 1e-3 }),
  npm('tfjs-cpu', ['tfjs.mjs', 'cpu'], 'TensorFlow.js, cpu backend, layers API', { tolerance: 1e-3, only: ['W1', 'W2', 'W3'] }),
  npm('brain', ['brain.mjs'], 'brain.js: one update a sample, squared error, so another loss', { only: ['W1', 'W2'], denseOnly: true }),
];

function gradloom(name: string, what: string, own: readonly string[]): PeerSpec {
  return {
    name,
    what,
    tolerance: 1e-4,
    threads: ends,
    start: ({ workload, overrides }, threads) => GradloomPeer.start(workload, threads, [...overrides, ...own]),
  };
}

function python(
  name: string,
  file: string,
  module: string,
  what: string,
  threads: PeerSpec['threads'],
  rest: Pick<PeerSpec, 'denseOnly'> = {},
): PeerSpec {
  return {
    name,
    what,
    ...rest,
    tolerance: 1e-4,
    threads,
    start: ({ setup, pythons }, count) => {
      const found = pythons.having(module);
      if (found === undefined) throw new PeerError(`no Python with ${module} (tried ${pythons.tried.join(', ')}); ${PYTHON_HINT}`);
      const each = String(name === 'torch-ddp' ? 1 : count);
      const env = { OMP_NUM_THREADS: each, OPENBLAS_NUM_THREADS: each, MKL_NUM_THREADS: each, PYTHONDONTWRITEBYTECODE: '1' };
      return ProcessPeer.start(found, [`${PEERS_DIRECTORY}${file}`], { ...setup, threads: count }, env);
    },
  };
}

function npm(name: string, args: readonly string[], what: string, rest: Pick<PeerSpec, 'tolerance' | 'only' | 'denseOnly'>): PeerSpec {
  return {
    name,
    what,
    ...rest,
    threads: single,
    start: ({ setup }) => {
      if (!existsSync(`${PEERS_DIRECTORY}node_modules`)) throw new PeerError(`not installed; ${NPM_HINT}`);
      const [file = '', ...options] = args;
      return ProcessPeer.start(process.execPath, [`${PEERS_DIRECTORY}${file}`, ...options], setup);
    },
  };
}

const MODULES = ['numpy', 'torch'];

/** The Pythons of this machine and what they can import. */
export class Pythons {
  readonly tried: readonly string[];
  readonly #modules = new Map<string, readonly string[]>();

  /** @param first  a Python to try before those that are usually there */
  constructor(first?: string) {
    this.tried = [...(first === undefined ? [] : [first]), 'python3', '/usr/bin/python3'];
  }

  /** One that has a module; first those that have all, so that numpy and torch share a Python and its BLAS. */
  having(module: string): string | undefined {
    const having = this.tried.filter((command) => this.#modulesOf(command).includes(module));
    return having.find((command) => MODULES.every((name) => this.#modulesOf(command).includes(name))) ?? having[0];
  }

  #modulesOf(command: string): readonly string[] {
    const known = this.#modules.get(command) ?? modulesOf(command);
    this.#modules.set(command, known);
    return known;
  }
}

function modulesOf(command: string): readonly string[] {
  const program =
    "import importlib.util as u, json, sys; print(json.dumps([m for m in sys.argv[1:] if u.find_spec(m) and u.find_spec('numpy')]))";
  try {
    return JSON.parse(
      execFileSync(command, ['-c', program, ...MODULES], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    ) as string[];
  } catch {
    // No such Python.
    return [];
  }
}
