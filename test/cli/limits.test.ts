import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EXIT } from '../../src/errors.ts';
import { encodeSafetensors } from '../../src/storage/safetensors/bytes.ts';
import { gradloom, MAIN, SMALL, workplace } from './support/run-cli.ts';

/** A user that owns nothing here. */
const STRANGER = 54_321;

interface Outcome {
  code: number | null;
  stderr: string;
}

/** Runs the command line in a shell that has lowered a limit first. */
function limited(limit: string, args: string, cwd: string, prefix: readonly string[] = []): Outcome {
  const script = `${limit}; exec "${process.execPath}" "${MAIN}" ${args}`;
  const [command, ...rest] = [...prefix, 'bash', '-c', script];
  const { status, stderr } = spawnSync(command, rest, { cwd, encoding: 'utf8', timeout: 60_000 });
  return { code: status, stderr };
}

/** ulimit as Linux has it. */
const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip;
/** Only root can become another user, whose processes are none but those of the test; and that user must be able to read the program. */
const asRoot = process.getuid?.() === 0 && isOpen(MAIN) && isOpen(process.execPath) ? test.serial : test.serial.skip;

function isOpen(file: string): boolean {
  const isReadable = (statSync(file).mode & 0o005) >= 0o004;
  const above = path.dirname(file);
  return isReadable && (above === file || isOpen(above));
}

onLinux('ulimit -n 19 is E_LIMIT (69) with the limit, not a stack', (t) => {
  const { code, stderr } = limited('ulimit -n 19', 'train small.yaml', workplace(t));
  t.is(code, EXIT.unavailable, stderr);
  t.is(stderr, 'error[E_LIMIT]  the system opens no more files for this process: ulimit -n is 19\nnext: raise it: ulimit -n 1024\n');
});

for (const files of [20, 21, 22, 24, 28]) {
  // What cannot be opened first depends on what Node has open: a module, a file of the run, a thread's pipe.
  onLinux(`ulimit -n ${files} is told as such, whatever it is that cannot be opened`, (t) => {
    const { code, stderr } = limited(`ulimit -n ${files}`, 'train small.yaml --quiet', workplace(t));
    t.true(code === EXIT.unavailable || code === EXIT.storage || code === EXIT.ok, stderr);
    t.notRegex(stderr, /^ +at /m);
    if (code !== EXIT.ok) t.regex(stderr, /error\[E_(?:LIMIT|STORAGE)\] .*(?:EMFILE|no more files)/);
  });
}

onLinux('ulimit -n 64 is enough for a small run', (t) => {
  const { code, stderr } = limited('ulimit -n 64', 'train small.yaml --workers 1 --quiet', workplace(t));
  t.is(code, EXIT.ok, stderr);
});

for (const [title, kibibytes, env, message] of [
  [
    'no room for the guards of shared memory',
    4_000_000,
    '',
    /the system refused the [\d.]+ KiB of shared memory that the run needs: ulimit -v is 3\.8 GiB, [\d.]+ [MG]iB in use$/m,
  ],
  [
    'no room for threads',
    1_200_000,
    '--disable-wasm-trap-handler',
    /1 thread needs 600\.0 MiB more of address space: ulimit -v is 1\.1 GiB, [\d.]+ [MG]iB in use$/m,
  ],
] as const) {
  onLinux(`ulimit -v ${kibibytes} is E_LIMIT (69) with the limit: ${title}`, (t) => {
    const { code, stderr } = limited(`export NODE_OPTIONS=${env}; ulimit -v ${kibibytes}`, 'train small.yaml --workers 1', workplace(t));
    t.is(code, EXIT.unavailable, stderr);
    t.regex(stderr, message);
    t.regex(stderr, /^next: raise it: ulimit -v unlimited/m);
    t.is(stderr.includes('10 GiB of it are guards'), env === '');
  });
}

asRoot('ulimit -u that leaves no thread for all workers is E_LIMIT (69) with the limit', (t) => {
  const cwd = workplace(t);
  chmodSync(cwd, 0o777);
  const id = String(STRANGER);
  const prefix = ['setpriv', '--reuid', id, '--regid', id, '--clear-groups'];
  const { code, stderr } = limited('ulimit -u 18', 'train small.yaml --workers 16', cwd, prefix);
  t.is(code, EXIT.unavailable, stderr);
  t.regex(stderr, /^error\[E_LIMIT\] {2}the system starts no more threads: (?:.*; )?ulimit -u is 18 for all processes of the user$/m);
  t.regex(stderr, /^next: raise the limit, or take fewer threads: --workers 1$/m);
});

test('check shows what memory is allowed, doctor all limits', async (t) => {
  const cwd = workplace(t);
  t.regex(
    (await gradloom(['check', 'small.yaml'], { cwd })).stdout,
    /^(?:of the machine|allowed by the cgroup \(\S+\)) +[\d.,]+ [MGT]iB$/m,
  );
  const { stdout } = await gradloom(['doctor'], { cwd });
  t.regex(stdout, /^(?:ok|warn) +memory +[\d.]+ [GT]iB; (?:no cgroup limit below it|the cgroup allows [\d.]+ [MGT]iB \(\S+\))$/m);
  t.regex(stdout, /^(?:ok|warn) +limits +open files \w+ \(ulimit -n\), threads \w+ \(ulimit -u\), .*address space .+ \(ulimit -v\)$/m);
});

/** SMALL's first layer has weights [8, 2]. */
function weights(t: ExecutionContext, at: number, value: number): string {
  const values = new Float32Array(16).fill(0.1);
  values[at] = value;
  const data = new Uint8Array(values.buffer);
  const zeros = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(4 * count);
  const cwd = workplace(t, { 'a.yaml': SMALL });
  writeFileSync(
    path.join(cwd, 'w.safetensors'),
    encodeSafetensors(
      new Map([
        ['layers.0.weight', { dtype: 'F32', shape: [8, 2], data }],
        ['layers.0.bias', { dtype: 'F32', shape: [8], data: zeros(8) }],
        ['layers.1.weight', { dtype: 'F32', shape: [3, 8], data: zeros(24) }],
        ['layers.1.bias', { dtype: 'F32', shape: [3], data: zeros(3) }],
      ]),
    ),
  );
  return cwd;
}

for (const [at, value, index] of [
  [0, Number.NaN, '0, 0'],
  [15, Number.POSITIVE_INFINITY, '7, 1'],
  [5, Number.NEGATIVE_INFINITY, '2, 1'],
] as const) {
  test(`initial weights with ${value} are E_DATA_NONFINITE (65) with tensor and index, before anything is written`, async (t) => {
    const cwd = weights(t, at, value);
    const { code, stderr } = await gradloom(['train', 'a.yaml', '+model.init={type: file, path: w.safetensors}'], { cwd });
    t.is(code, EXIT.data, stderr);
    t.regex(
      stderr,
      new RegExp(`w\\.safetensors {2}error\\[E_DATA_NONFINITE\\] {2}layers\\.0\\.weight\\[${index}\\] is ${value}; expected finite`),
    );
    t.false(existsSync(path.join(cwd, 'runs')));
  });
}
