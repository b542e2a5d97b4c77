import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { AVX2, AVX512 } from '../../../src/native/isa.ts';
import { cpuHere, isaWithin } from '../../../src/native/system/cpu.ts';
import { mappings } from '../support/mappings.ts';

const onLinux = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;

/** A line of /proc/cpuinfo: what Linux found out by itself, and left out where it does not save the registers. */
function cpuinfo(key: string): string {
  return new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
}

onLinux('cpuid tells the name that Linux tells', (t) => {
  t.is(cpuHere().name, cpuinfo('model name').trim());
});

onLinux('cpuid and xgetbv tell the instruction sets that Linux tells', (t) => {
  const flags = new Set(cpuinfo('flags').split(' '));
  const has = (...names: string[]): boolean => names.every((name) => flags.has(name));
  const expected = has('avx2', 'avx512f', 'avx512dq', 'popcnt', 'abm') ? AVX512 : has('avx2', 'popcnt', 'abm') ? AVX2 : undefined;
  t.is(cpuHere().isa, expected);
});

onLinux('the processor is examined once, and its code is given back', (t) => {
  const first = cpuHere();
  const before = mappings().length;
  for (let i = 0; i < 100; i++) t.is(cpuHere(), first);
  t.true(mappings().length - before < 50);
});

test('what is used is the best that the processor has, within a limit that makes nothing of what is not there', (t) => {
  t.is(isaWithin(AVX512, undefined), AVX512);
  t.is(isaWithin(AVX512, 'avx512'), AVX512);
  t.is(isaWithin(AVX512, 'avx2'), AVX2);
  t.is(isaWithin(AVX2, undefined), AVX2);
  t.is(isaWithin(AVX2, 'avx512'), AVX2);
});

/** What a process under a value of GRADLOOM_CPU may use. */
function supportUnder(limit: string): string {
  const url = new URL('../../../src/kernels/native/support.js', import.meta.url).href;
  const program = `
    import { nativeSupport } from '${url}';
    try { console.log(nativeSupport().isa?.name); } catch ({ code, exitCode, where }) { console.log(code, exitCode, where); }`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, GRADLOOM_CPU: limit },
  }).trim();
}

onLinux('GRADLOOM_CPU limits what routines are made for; a word that it does not know is E_USAGE, exit 64', (t) => {
  const best = cpuHere().isa?.name;
  if (best !== undefined) t.is(supportUnder('avx2'), 'avx2');
  t.is(supportUnder('avx512'), String(best));
  t.is(supportUnder(''), String(best));
  for (const unknown of ['AVX2', 'sse2', 'avx2 ']) t.is(supportUnder(unknown), 'E_USAGE 64 GRADLOOM_CPU');
});
