import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GradloomError, printable, printableSentence } from '../../errors.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { readFileBytes } from '../../storage/read.ts';

const PYTHONS = ['python3', '/usr/bin/python3', 'python'];
/** Importing PyTorch takes seconds on a cold disk. */
const MAX_MS = 120_000;

const DRIVER = `import sys, numpy as np, torch
torch.set_num_threads(1)
import model
x = np.fromfile("rows.f32", dtype="<f4").reshape(int(sys.argv[1]), -1)
with torch.no_grad():
    y = model.load()(torch.from_numpy(x.copy())).numpy()
y.astype("<f4").tofile("outputs.f32")
`;

/** What is run: the files of an export, and rows for it. */
export interface TorchWork {
  program: string;
  weights: { name: string; bytes: Uint8Array };
  /** [count, features] */
  rows: Float32Array;
  count: number;
}

/**
 * Runs a torch export on rows, in a temporary folder of its own.
 *
 * @param output  the file of the export, for messages
 * @returns the network's outputs; a sentence where there is no Python that has torch and numpy
 * @throws GradloomError E_EXPORT_CHECK if the file does not run
 */
export async function runTorch({ program, weights, rows, count }: TorchWork, output: string): Promise<Float64Array | string> {
  const python = await pythonWithTorch();
  if (python === undefined) return 'not verified by PyTorch: there is no Python here that has torch and numpy';
  const folder = await mkdtemp(path.join(tmpdir(), 'gradloom-torch-'));
  try {
    await writeFileAtomic(path.join(folder, 'model.py'), program);
    await writeFileAtomic(path.join(folder, weights.name), weights.bytes);
    await writeFileAtomic(path.join(folder, 'rows.f32'), new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    await writeFileAtomic(path.join(folder, 'driver.py'), DRIVER);
    const said = await run(python, ['driver.py', String(count)], folder);
    if (said !== undefined) {
      const message = `${printable(python)} cannot run it: ${printableSentence(said)}`;
      throw new GradloomError({ code: 'E_EXPORT_CHECK', where: printable(output), message, next: 'report it with the run' });
    }
    const bytes = readFileBytes(path.join(folder, 'outputs.f32'), 2 ** 31);
    return Float64Array.from(new Float32Array(bytes.slice().buffer));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pythonWithTorch(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    const said = await run(python, ['-c', 'import importlib.util as u; assert u.find_spec("torch") and u.find_spec("numpy")'], tmpdir());
    if (said === undefined) return python;
  }
  return undefined;
}

/** @returns the end of what it said on stderr if it failed, or why it did not start */
function run(python: string, args: readonly string[], cwd: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // PYTHONSAFEPATH would keep it from the file beside the driver.
    const env = { ...process.env, PYTHONSAFEPATH: '', PYTHONDONTWRITEBYTECODE: '1' };
    execFile(python, args, { cwd, timeout: MAX_MS, env, maxBuffer: 2 ** 24 }, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.trim().split('\n').at(-1) || error.message);
    });
  });
}
