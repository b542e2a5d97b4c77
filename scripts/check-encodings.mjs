// Compares the assembler of native code with GNU as, instruction by instruction.
// usage: node scripts/check-encodings.mjs [COUNT=20000] [SEED=1]    needs as and objcopy (binutils) for x86-64
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from '../dist/src/native/assembler/encode.js';
import { Dice } from '../dist/test/engine/support/samples.js';
import { randomInstruction } from '../dist/test/native/support/instructions.js';
import { listing } from '../dist/test/native/support/listing.js';

const count = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
/** Each instruction has a slot of its own, so that a wrong length shows where it is. */
const SLOT_BYTES = 32;
const folder = mkdtempSync(path.join(tmpdir(), 'encodings-'));
try {
  const dice = new Dice(seed);
  const instructions = Array.from({ length: count }, () => randomInstruction(dice));
  const lines = instructions.flatMap((one) => [listing(one), `.balign ${SLOT_BYTES}, 0`]);
  const [source, object, binary] = ['code.s', 'code.o', 'code.bin'].map((name) => path.join(folder, name));
  writeFileSync(source, `.intel_syntax noprefix\n.text\n${lines.join('\n')}\n`);
  execFileSync('as', ['--64', '-o', object, source], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  const expected = readFileSync(binary);
  const wrong = instructions.filter((one, i) => {
    const code = Buffer.from(encode([one]));
    const slot = expected.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES);
    if (code.equals(slot.subarray(0, code.length)) && slot.subarray(code.length).every((byte) => byte === 0)) return false;
    console.error(`${listing(one)}\n  as:   ${slot.toString('hex').replace(/(?:00)+$/, '')}\n  here: ${code.toString('hex')}`);
    return true;
  });
  console.log(`${count - wrong.length} of ${count} instructions as GNU as encodes them (seed ${seed})`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
