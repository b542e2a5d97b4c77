import test from 'ava';
import { Assembler } from '../../src/native/assembler/assembler.ts';
import { rax } from '../../src/native/assembler/instruction.ts';
import { type Routine, RoutineStore } from '../../src/native/store.ts';
import { callable } from '../../src/native/system/foreign.ts';
import { mappings, rightsAt } from './support/mappings.ts';

const onX64 = process.arch === 'x64' ? test : test.skip;

/** A routine that returns a number. */
function returning(value: number, padding = 0): Routine {
  const a = new Assembler();
  a.set(rax, value);
  a.ret();
  const code = new Uint8Array(a.code().length + padding);
  code.set(a.code());
  return { key: `returns ${value}`, args: 0, code };
}

const resultOf = (store: RoutineStore, { key }: Routine): number =>
  Number(callable(store.find(key)!.address, store.find(key)!.args, 'int64_t')());

onX64('routines of one block are apart, aligned to lines, and do what they are named for', (t) => {
  const store = new RoutineStore();
  const routines = Array.from({ length: 40 }, (_, i) => returning(i + 1, (i * 13) % 200));
  store.place(routines);
  t.is(store.count, 40);
  const addresses = routines.map(({ key }) => store.find(key)!.address);
  t.true(addresses.every((address) => address % 64 === 0));
  for (const [i, routine] of routines.entries()) {
    t.is(resultOf(store, routine), i + 1);
    if (i > 0) t.true(addresses[i]! - addresses[i - 1]! >= routines[i - 1]!.code.length);
  }
});

onX64('what is placed stays where it is, and is not placed again', (t) => {
  const store = new RoutineStore();
  const [one, two] = [returning(1), returning(2)];
  store.place([one]);
  const { address } = store.find(one.key)!;
  const { bytes } = store;
  store.place([one]);
  t.is(store.bytes, bytes);
  store.place([one, two]);
  t.is(store.count, 2);
  t.is(store.find(one.key)!.address, address);
  t.deepEqual(
    [one, two].map((routine) => resultOf(store, routine)),
    [1, 2],
  );
});

onX64('beyond the bound nothing is placed, and what was there goes on', (t) => {
  const store = new RoutineStore(3 * 4096);
  const small = returning(1);
  store.place([small]);
  t.is(store.bytes, 4096);
  store.place([returning(2, 3 * 4096)]);
  t.is(store.find('returns 2'), undefined);
  t.is(store.bytes, 4096);
  // Many blocks of a page, each with one routine of some bytes.
  for (let i = 3; i < 20; i++) store.place([returning(i)]);
  t.true(store.bytes <= 3 * 4096, `${store.bytes} bytes`);
  t.is(resultOf(store, small), 1);
});

onX64('an empty list of routines needs no memory', (t) => {
  const store = new RoutineStore();
  store.place([]);
  t.is(store.bytes, 0);
});

(process.platform === 'linux' ? onX64 : test.skip)('blocks of routines are executable and not writable', (t) => {
  const store = new RoutineStore();
  for (let i = 0; i < 20; i++) store.place([returning(i)]);
  for (let i = 0; i < 20; i++) t.is(rightsAt(store.find(`returns ${i}`)!.address), 'r-xp');
  t.true(mappings().some(({ rights }) => rights === 'r-xp'));
});
