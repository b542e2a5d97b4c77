import {
  type Instruction,
  isMem,
  type Mem,
  VECTOR_FORMS,
  type VectorForm,
  type VectorInstruction,
} from '../../../src/native/assembler/instruction.ts';

const NAMES_64 = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
const NAMES_32 = NAMES_64.map((name, i) => (i < 8 ? name.replace('r', 'e') : `${name}d`));
const NAMES_8 = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil', ...NAMES_64.slice(8).map((name) => `${name}b`)];
const VECTOR_NAMES = { 16: 'xmm', 32: 'ymm', 64: 'zmm' } as const;
const POINTER: Record<number, string> = { 4: 'dword', 8: 'qword', 16: 'xmmword', 32: 'ymmword', 64: 'zmmword' };

const gpr = (register: number, bits: 32 | 64 = 64): string => (bits === 64 ? NAMES_64 : NAMES_32)[register] as string;

function memory({ base, disp, index, scale = 1 }: Mem, bytes: number | undefined): string {
  const offset = index === undefined ? '' : ` + ${gpr(index)}*${scale}`;
  const size = bytes === undefined ? '' : `${POINTER[bytes]} ptr `;
  return `${size}[${gpr(base)}${offset} ${disp < 0 ? '-' : '+'} ${Math.abs(disp)}]`;
}

/** An instruction for GNU as, in Intel's syntax. Jumps have none: where they go is known when all is encoded. */
export function listing(one: Exclude<Instruction, { kind: 'jump' | 'align' }>): string {
  switch (one.kind) {
    case 'vector':
      return vector(one);
    case 'mov':
    case 'add':
    case 'sub':
    case 'cmp':
    case 'and':
    case 'or':
    case 'xor':
      return isMem(one.src)
        ? `${one.kind} ${gpr(one.dst, one.bits)}, ${memory(one.src, one.bits / 8)}`
        : `{load} ${one.kind} ${gpr(one.dst, one.bits)}, ${gpr(one.src, one.bits)}`;
    case 'store':
      return `mov ${memory(one.mem, one.bits / 8)}, ${gpr(one.src, one.bits)}`;
    case 'movImmediate':
      return `mov ${gpr(one.dst, 32)}, ${one.value}`;
    case 'addImmediate':
    case 'subImmediate':
    case 'cmpImmediate':
    case 'andImmediate':
      return `${one.kind.slice(0, 3)} ${gpr(one.dst)}, ${one.value}`;
    case 'shiftLeft':
      return `shl ${gpr(one.dst)}, ${one.count}`;
    case 'shiftRight':
      return `shr ${gpr(one.dst)}, ${one.count}`;
    case 'shiftLeftByCl':
      return `shl ${gpr(one.dst)}, cl`;
    case 'multiplyImmediate':
      return `imul ${gpr(one.dst)}, ${gpr(one.src)}, ${one.value}`;
    case 'test':
      return `test ${gpr(one.a, one.bits)}, ${gpr(one.b, one.bits)}`;
    case 'testImmediate':
      return `test ${gpr(one.dst, 32)}, ${one.value}`;
    case 'lea':
      return `lea ${gpr(one.dst)}, ${memory(one.mem, undefined)}`;
    case 'popcnt':
    case 'lzcnt':
    case 'tzcnt':
      return `${one.kind} ${gpr(one.dst, 32)}, ${gpr(one.src, 32)}`;
    case 'set':
      return `set${one.condition} ${NAMES_8[one.dst]}`;
    case 'push':
    case 'pop':
      return `${one.kind} ${gpr(one.register)}`;
    case 'prefetch':
      return `prefetcht0 ${memory(one.mem, undefined)}`;
    case 'kmovw':
      return `{vex3} kmovw k${one.mask}, ${gpr(one.src, 32)}`;
    case 'kmovwToGpr':
      return `{vex3} kmovw ${gpr(one.dst, 32)}, k${one.mask}`;
    case 'kortestw':
      return `{vex3} kortestw k${one.a}, k${one.b}`;
    case 'vpbroadcastd':
      return `vpbroadcastd zmm${one.dst}, ${gpr(one.src, 32)}`;
    case 'vmovmskps':
      return `{vex3} vmovmskps ${gpr(one.dst, 32)}, ${VECTOR_NAMES[one.width]}${one.src}`;
    case 'ret':
    case 'vzeroupper':
    case 'cpuid':
    case 'xgetbv':
      return one.kind;
  }
}

/** Bytes of operands that are not as wide as the instruction. */
function operandWidths({ name, width }: VectorInstruction): { r: number; rm: number } {
  if (name === 'vcvtps2pd') return { r: width, rm: width / 2 };
  if (name === 'vcvtpd2ps') return { r: width / 2, rm: width };
  if (name === 'vbroadcastss' || name === 'vbroadcastsd' || name === 'vpmovzxbd') return { r: width, rm: 16 };
  return { r: width, rm: width };
}

function vector(one: VectorInstruction): string {
  const form: VectorForm = VECTOR_FORMS[one.name];
  const { width, mask = 0, zero = false, broadcast = false, immediate } = one;
  const widths = operandWidths(one);
  // What is narrower is the lower part of an xmm register.
  const named = (register: number, bytes: number): string => `${VECTOR_NAMES[Math.max(16, bytes) as 16 | 32 | 64]}${register}`;
  const decorated = (text: string): string => `${text}${mask === 0 ? '' : `{k${mask}}`}${zero ? '{z}' : ''}`;
  const r = form.toMask && width === 64 ? `k${one.r}` : named(one.r, widths.r);
  // Compressed stores have displacements in elements, but name the whole vector.
  const memBytes = broadcast ? 4 : one.name === 'vpcompressd' ? width : (form.memBytes?.(width) ?? width);
  const rm = isMem(one.rm) ? `${memory(one.rm, memBytes)}${broadcast ? `{1to${width / 4}}` : ''}` : named(one.rm, widths.rm);
  const last = form.immediate ? `, ${immediate ?? 0}` : '';
  const prefix = width === 64 ? '{evex}' : '{vex3}';
  const mnemonic = one.name.replace('_store', '');
  switch (form.shape) {
    case 'rvm':
      return `${prefix} ${mnemonic} ${decorated(r)}, ${named(one.v, width)}, ${rm}${last}`;
    case 'rm':
      return `${prefix} ${mnemonic} ${decorated(r)}, ${rm}${last}`;
    case 'mr':
      return `${prefix} ${mnemonic} ${decorated(rm)}, ${r}`;
    case 'mvr':
      return `${prefix} ${mnemonic} ${rm}, ${named(one.v, width)}, ${r}`;
  }
}
