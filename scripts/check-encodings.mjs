// Compares the assembler of native code with GNU as, instruction by instruction. Needs as and objcopy (binutils) for x86-64.
// usage: node scripts/check-encodings.mjs [COUNT=20000] [SEED=1]    random instructions
//        node scripts/check-encodings.mjs --record                  writes the table of test/native/assembler/encode.test.ts
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from '../dist/src/native/assembler/encode.js';
import { Dice } from '../dist/test/engine/support/samples.js';
import { coveringInstructions, randomInstruction } from '../dist/test/native/support/instructions.js';
import { listing } from '../dist/test/native/support/listing.js';
import { TABLE, writeTable } from '../dist/test/native/support/table.js';

/** Each instruction has a slot of its own, so that a wrong length shows where it is. */
const SLOT_BYTES = 32;

/** What GNU as makes of each instruction, with the zeros that fill its slot. */
function assembled(instructions) {
  const folder = mkdtempSync(path.join(tmpdir(), 'encodings-'));
  try {
    const lines = instructions.flatMap((one) => [listing(one), `.balign ${SLOT_BYTES}, 0`]);
    const [source, object, binary] = ['code.s', 'code.o', 'code.bin'].map((name) => path.join(folder, name));
    writeFileSync(source, `.intel_syntax noprefix\n.text\n${lines.join('\n')}\n`);
    execFileSync('as', ['--64', '-o', object, source], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
    const code = readFileSync(binary);
    return instructions.map((_, i) => code.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says where encoder and as differ; how many instructions are equal. */
function compare(instructions, slots) {
  return instructions.filter((one, i) => {
    const code = Buffer.from(encode([one]));
    const slot = slots[i];
    if (code.equals(slot.subarray(0, code.length)) && slot.subarray(code.length).every((byte) => byte === 0)) return true;
    console.error(`${listing(one)}\n  as:   ${slot.toString('hex').replace(/(?:00)+$/, '')}\n  here: ${code.toString('hex')}`);
    return false;
  }).length;
}

const isRecording = process.argv[2] === '--record';
const count = isRecording ? 0 : Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const dice = new Dice(seed);
const instructions = isRecording ? coveringInstructions() : Array.from({ length: count }, () => randomInstruction(dice));
const slots = assembled(instructions);
const equal = compare(instructions, slots);
console.log(`${equal} of ${instructions.length} instructions as GNU as encodes them${isRecording ? '' : ` (seed ${seed})`}`);
if (equal < instructions.length) process.exitCode = 1;
else if (isRecording) {
  // Equal, so the length is known: zeros may be part of an instruction.
  writeTable(instructions.map((one, i) => ({ text: listing(one), code: slots[i].subarray(0, encode([one]).length).toString('hex') })));
  console.log(`recorded in ${TABLE}`);
}
