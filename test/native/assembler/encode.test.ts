import test from 'ava';
import { Assembler } from '../../../src/native/assembler/assembler.ts';
import { encode } from '../../../src/native/assembler/encode.ts';
import { CONDITION, type Condition, type Instruction, Label, mem, rax, rcx, rsp } from '../../../src/native/assembler/instruction.ts';
import { coveringInstructions } from '../support/instructions.ts';
import { listing } from '../support/listing.ts';
import { readTable } from '../support/table.ts';

const instructions = coveringInstructions();
const hex = (code: Uint8Array): string => Buffer.from(code).toString('hex');
const hexOf = (build: (a: Assembler) => void): string => {
  const a = new Assembler();
  build(a);
  return hex(a.code());
};

test('every form, register, displacement, mask and broadcast is encoded as GNU as encoded it', (t) => {
  t.true(instructions.length > 500);
  t.deepEqual(
    instructions.map((one) => `${listing(one)}: ${hex(encode([one]))}`),
    readTable().map(({ text, code }) => `${text}: ${code}`),
  );
});

test('instructions stand one behind the other', (t) => {
  t.is(hex(encode(instructions)), instructions.map((one) => hex(encode([one]))).join(''));
});

// ---- jumps

test('a jump counts from its end to its label, back and forth', (t) => {
  t.is(
    hexOf((a) => a.jump(a.here())),
    'e9fbffffff',
  );
  const over = (a: Assembler): void => {
    const end = a.label();
    a.jump(end);
    a.ret();
    a.bind(end);
    a.ret();
  };
  t.is(hexOf(over), 'e901000000c3c3');
  const back = (a: Assembler): void => {
    const top = a.here();
    a.sub(rcx, 1);
    a.jumpIf('ne', top);
  };
  t.is(hexOf(back), '4883e9010f85f6ffffff');
});

test('every condition of a jump has its number', (t) => {
  for (const [condition, number] of Object.entries(CONDITION)) {
    const code = hexOf((a) => a.jumpIf(condition as Condition, a.here()));
    t.is(code, `0f${(0x80 + number).toString(16)}faffffff`, condition);
  }
});

test('a label at the end is bound, and far jumps reach it', (t) => {
  const body = 300;
  const code = new Assembler();
  const end = code.label();
  code.jumpIf('e', end);
  for (let i = 0; i < body; i++) code.ret();
  code.bind(end);
  t.is(hex(code.code().subarray(0, 6)), '0f842c010000');
});

test('several jumps go to one label, and a label may be bound behind an alignment', (t) => {
  const code = (a: Assembler): void => {
    const loop = a.label();
    a.jump(loop);
    a.align(16);
    a.bind(loop);
    a.jump(loop);
    a.jump(loop);
  };
  t.is(hexOf(code), `e90b000000${'90'.repeat(11)}e9fbffffffe9f6ffffff`);
});

test('an alignment fills up to the next multiple and no further', (t) => {
  for (const bytes of [1, 2, 16, 32, 64]) {
    const code = new Assembler();
    for (let i = 0; i < 3; i++) {
      code.ret();
      code.align(bytes);
      t.is(code.code().length % bytes, 0);
      t.is(code.code().length, (i + 1) * bytes);
    }
  }
});

test('a loop runs its body as often as said: none, once without a counter, else with one', (t) => {
  const body = (count: number): string => hexOf((a) => a.repeat(rax, count, () => a.ret()));
  t.is(body(0), '');
  t.is(body(1), 'c3');
  t.is(body(3), 'b803000000c34883e8010f85f5ffffff');
});

// ---- refusals

const refuses: Record<string, Instruction> = {
  'a jump to a label that is nowhere': { kind: 'jump', condition: undefined, target: new Label() },
  'rsp as an index': { kind: 'lea', dst: rax, mem: mem(rax, 0, rsp) },
  'a general register beyond 15': { kind: 'push', register: 16 },
  'a general register below 0': { kind: 'store', bits: 64, mem: mem(rax), src: -1 },
  'a base beyond 15': { kind: 'mov', bits: 64, dst: rax, src: mem(17) },
  'an index beyond 15': { kind: 'mov', bits: 64, dst: rax, src: mem(rax, 0, 16) },
  'a scale of 3': { kind: 'lea', dst: rax, mem: { base: rax, disp: 0, index: rcx, scale: 3 as 2 } },
  'a displacement of 2^31': { kind: 'lea', dst: rax, mem: mem(rax, 2 ** 31) },
  'a displacement below -2^31': { kind: 'store', bits: 32, mem: mem(rax, -(2 ** 31) - 1), src: rax },
  'a displacement that is no integer': { kind: 'prefetch', mem: mem(rax, 0.5) },
  'a displacement that is no number': { kind: 'lea', dst: rax, mem: mem(rax, Number.NaN) },
  'a sum with 2^31': { kind: 'addImmediate', dst: rax, value: 2 ** 31 },
  'a comparison with 2^32 - 1, whose sign would be extended': { kind: 'cmpImmediate', dst: rax, value: 2 ** 32 - 1 },
  'a product with 2^31': { kind: 'multiplyImmediate', dst: rax, src: rax, value: 2 ** 31 },
  'a value of more than 32 bits': { kind: 'movImmediate', dst: rax, value: 2 ** 32 },
  'a shift by 64': { kind: 'shiftLeft', dst: rax, count: 64 },
  'a mask beyond 7': { kind: 'kmovw', mask: 8, src: rax },
  'an alignment to 24': { kind: 'align', bytes: 24 },
  'a vector register beyond 31': { kind: 'vector', name: 'vaddps', width: 64, r: 32, v: 0, rm: 0 },
  'a vector register beyond 15 with VEX': { kind: 'vector', name: 'vaddps', width: 32, r: 0, v: 0, rm: 16 },
  'a mask with VEX': { kind: 'vector', name: 'vmovups', width: 32, r: 0, v: 0, rm: mem(rax), mask: 1 },
  'a broadcast with VEX': { kind: 'vector', name: 'vmulps', width: 32, r: 0, v: 0, rm: mem(rax), broadcast: true },
  'a broadcast of a register, which would be a rounding': { kind: 'vector', name: 'vmulps', width: 64, r: 0, v: 0, rm: 1, broadcast: true },
  'a broadcast of an f32 among f64': { kind: 'vector', name: 'vmulpd', width: 64, r: 0, v: 0, rm: mem(rax), broadcast: true },
  'a broadcast of a load': { kind: 'vector', name: 'vmovups', width: 64, r: 0, v: 0, rm: mem(rax), broadcast: true },
  'zeroing without a mask': { kind: 'vector', name: 'vmovups', width: 64, r: 0, v: 0, rm: mem(rax), zero: true },
  'zeroing in memory': { kind: 'vector', name: 'vmovups_store', width: 64, r: 0, v: 0, rm: mem(rax), mask: 1, zero: true },
  'zeroing of a comparison': { kind: 'vector', name: 'vcmpps', width: 64, r: 1, v: 0, rm: 0, immediate: 4, mask: 1, zero: true },
  'a comparison into a mask beyond 7': { kind: 'vector', name: 'vcmpps', width: 64, r: 8, v: 0, rm: 0, immediate: 4 },
  'an immediate of more than 8 bits': { kind: 'vector', name: 'vshufps', width: 64, r: 0, v: 0, rm: 0, immediate: 256 },
  'an immediate where none is': { kind: 'vector', name: 'vaddps', width: 64, r: 0, v: 0, rm: 0, immediate: 1 },
  'what only VEX has with 64 bytes': { kind: 'vector', name: 'vmaskmovps', width: 64, r: 0, v: 0, rm: mem(rax) },
  'what only EVEX has with 32 bytes': { kind: 'vector', name: 'vpcompressd', width: 32, r: 0, v: 0, rm: mem(rax) },
  'what has no form of 16 bytes': { kind: 'vector', name: 'vpermd', width: 16, r: 0, v: 0, rm: 0 },
  'a masked move between registers': { kind: 'vector', name: 'vmaskmovps', width: 32, r: 0, v: 0, rm: 1 },
};

for (const [title, one] of Object.entries(refuses)) {
  test(`no code is made for ${title}`, (t) => {
    t.throws(() => encode([one]), { instanceOf: RangeError });
  });
}

/** An instruction with one of its numbers replaced, for each of them. */
function withEach(one: object, value: number): object[] {
  return Object.entries(one).flatMap(([field, old]): object[] => {
    if (typeof old === 'object') return withEach(old as object, value).map((inner) => ({ ...one, [field]: inner }));
    const isNumber = typeof old === 'number' && field !== 'bits' && field !== 'width';
    return isNumber ? [{ ...one, [field]: value }] : [];
  });
}

function isRefused(one: Instruction): boolean {
  try {
    encode([one]);
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
}

test('no number of any instruction may have more than 32 bits, be a fraction or none', (t) => {
  for (const value of [2 ** 32, -(2 ** 31) - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = instructions.flatMap((one) => withEach(one, value) as Instruction[]);
    t.true(broken.length > 2000);
    t.deepEqual(
      broken.filter((one) => !isRefused(one)),
      [],
    );
  }
});
