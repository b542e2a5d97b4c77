import { spawnSync } from 'node:child_process';
import test from 'ava';
import { Assembler } from '../../../src/native/assembler/assembler.ts';
import { mem, rax, rdi } from '../../../src/native/assembler/instruction.ts';
import { loadCode } from '../../../src/native/system/executable.ts';
import { callable } from '../../../src/native/system/foreign.ts';
import { rightsAt } from '../support/mappings.ts';

const onLinux = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;

/** Code that returns a number. */
function answering(value: number): Uint8Array {
  const a = new Assembler();
  a.set(rax, value);
  a.ret();
  return a.code();
}

/** A program in a process of its own, as what it does may end it. @returns what it wrote, or the signal that ended it */
function ended(program: string): string {
  const url = (name: string): string => new URL(`../../../src/native/${name}.js`, import.meta.url).href;
  const head = `
    import { loadCode } from '${url('system/executable')}';
    import { callable, systemLibrary } from '${url('system/foreign')}';
    const code = Uint8Array.of(0xb8, 42, 0, 0, 0, 0xc3);
  `;
  const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', head + program], { encoding: 'utf8' });
  return signal ?? stdout.trim() + stderr;
}

onLinux('code can be read and executed, never written to, from the moment that it can be executed on', (t) => {
  for (const bytes of [1, 4095, 4096, 4097, 100_000]) {
    const code = new Uint8Array(bytes).fill(0xc3);
    const loaded = loadCode(code);
    t.is(loaded.bytes, Math.ceil(bytes / 4096) * 4096);
    for (const at of [loaded.address, loaded.address + loaded.bytes - 1]) t.is(rightsAt(at), 'r-xp');
    loaded.release();
    t.is(rightsAt(loaded.address), undefined, 'given back');
  }
});

onLinux('code runs and returns', (t) => {
  const loaded = loadCode(answering(42));
  t.is(Number(callable(loaded.address, 0, 'int64_t')()), 42);
  loaded.release();
});

onLinux('a write to code ends the process', (t) => {
  const program = `
    const loaded = loadCode(code);
    console.log(Number(callable(loaded.address, 0, 'int64_t')()));
    systemLibrary().func('int64_t memset(int64_t at, int value, int64_t bytes)')(loaded.address, 0xcc, 1);
    console.log('written');`;
  t.is(ended(program), 'SIGSEGV');
});

onLinux('a system that refuses executable memory is an error with its number, and nothing is left behind', (t) => {
  // PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: what was once writable may not become executable. Linux 6.3 and newer.
  const program = `
    import { readFileSync } from 'node:fs';
    const lines = () => readFileSync('/proc/self/maps', 'utf8').split('\\n').length;
    loadCode(code).release();
    if (Number(systemLibrary().func('int prctl(int option, int64_t a, int64_t b, int64_t c, int64_t d)')(65, 1, 0, 0, 0)) !== 0) throw new Error('no MDWE');
    const before = lines();
    const told = [];
    for (let i = 0; i < 50; i++) try { loadCode(code); } catch ({ message }) { told.push(message); }
    console.log([...new Set(told)].join(), told.length, lines() - before < 25);`;
  const end = ended(program);
  if (end.includes('no MDWE')) t.log('not checked: this Linux has no MDWE');
  else t.is(end, 'the system does not allow generated code (mprotect: errno 13) 50 true');
});

onLinux('a routine is called with addresses as they are, up to 2^53', (t) => {
  const a = new Assembler();
  a.lea(rax, mem(rdi, 1));
  a.ret();
  const loaded = loadCode(a.code());
  const call = callable(loaded.address, 1, 'int64_t');
  for (const value of [0, 1, 2 ** 31, 2 ** 32 + 5, 2 ** 47 - 4096, 2 ** 52]) t.is(Number(call(value)), value + 1);
  loaded.release();
});
