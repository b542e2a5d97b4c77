import type { Preprocess } from '../../data/preprocess/preprocess.ts';
import { elements } from '../../graph/shape.ts';
import { bindKernels } from '../../kernels/bind.ts';
import type { KernelCall } from '../../kernels/call.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { InitialState } from '../../model/initializers.ts';
import type { Network } from '../../model/network.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { lowerForward } from '../plan/lower/forward.ts';
import { ProgramWriter } from '../plan/lower/program.ts';
import { Share } from '../plan/lower/share.ts';
import type { Region } from '../plan/place.ts';
import { type ForwardMemoryPlan, planForward } from './plan.ts';

/** Floats of all tensors of rows together that are worked on at once, at most: they stay in the processor's caches. */
const FLOATS_AT_ONCE = 2 ** 19;
const ROWS_AT_ONCE = 512;

export interface ForwardSetup {
  network: Network;
  /** Parameters and running statistics, in their stored layouts. */
  state: InitialState;
  normalization: Preprocess['normalization'];
  /** How rows are stored that come in. */
  stored: 'u8' | 'f32';
}

/** What a pass gets from where it runs: a machine with files, or a page in a browser. */
export interface ForwardHost {
  /** The compiled kernels. */
  kernels: WebAssembly.Module;
  /** @throws GradloomError E_LIMIT where the system has no memory */
  reserve: (needs: { bytes: number; pages: number }, what: string) => WebAssembly.Memory;
}

/** What other code has to know of a pass to do its work. */
export interface ForwardWork {
  /** For as many rows as a pass takes at once. */
  calls: readonly KernelCall[];
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  kernels: Kernels;
  scratch: Region;
}

/** What does the work of calls in place of the kernels, with the same bits. */
export interface ForwardCode {
  kernels: Kernels;
  /** Undefined for a call that the kernels do. */
  runOf: (call: KernelCall) => (() => void) | undefined;
}

/**
 * Takes rows through a trained network in the calling thread, with the kernels and the bits of training's evaluation: a row's outputs do not
 * depend on the rows beside it.
 */
export class ForwardPass {
  /** Rows at once, at most. */
  readonly capacity: number;
  /** Where the rows go before `run`, as they are stored: [capacity, inputs]. */
  readonly features: Uint8Array | Float32Array;
  readonly #setup: ForwardSetup;
  readonly #plan: ForwardMemoryPlan;
  readonly #memory: WebAssembly.Memory;
  readonly #module: WebAssembly.Module;
  readonly #outputs: Float32Array;
  /** By their numbers of rows. */
  readonly #programs = new Map<number, readonly (() => void)[]>();
  #kernels: Kernels;
  #code: ForwardCode | undefined;

  /** @throws GradloomError E_MEMORY, E_LIMIT */
  constructor(setup: ForwardSetup, host: ForwardHost) {
    const { network, state, normalization, stored } = setup;
    const { graph, inputs, outputs } = network;
    const widths = graph.rows.reduce((sum, { shape }) => sum + elements(shape), 0);
    this.capacity = Math.max(1, Math.min(ROWS_AT_ONCE, Math.floor(FLOATS_AT_ONCE / widths)));
    this.#setup = setup;
    this.#plan = planForward({ network, rows: this.capacity, isBytes: stored === 'u8', isAffine: normalization.kind === 'affine' });
    this.#memory = host.reserve(this.#plan, 'the model');
    const { memory } = this.#plan.plan;
    const { buffer } = this.#memory;
    const floats = (at: number, count: number): Float32Array => new Float32Array(buffer, at, count);
    floats(memory.parameters.at, network.vectorFloats).set(state.parameters);
    floats(memory.statistics.at, network.statisticFloats).set(state.statistics);
    if (normalization.kind === 'affine') {
      floats(this.#centerAt, inputs).set(normalization.center);
      floats(this.#scaleAt, inputs).set(normalization.scale);
    }
    const values = this.capacity * inputs;
    this.features = stored === 'u8' ? new Uint8Array(buffer, this.#plan.stage.at, values) : floats(memory.x.at, values);
    const output = graph.output === graph.input ? memory.x : memory.graph.values[graph.output];
    this.#outputs = floats(output?.at ?? 0, this.capacity * outputs);
    this.#module = host.kernels;
    this.#kernels = bindKernels(this.#module, this.#memory);
  }

  /** From here on other code does what it can, where the system allows it; the bits stay the same. */
  async useCode(make: (work: ForwardWork) => Promise<ForwardCode | undefined>): Promise<void> {
    const code = await make({
      calls: this.#callsOf(this.capacity),
      memory: this.#memory,
      module: this.#module,
      kernels: this.#kernels,
      scratch: this.#plan.plan.memory.scratch[0] ?? { at: 0, bytes: 0 },
    });
    if (code === undefined) return;
    this.#code = code;
    this.#kernels = code.kernels;
    this.#programs.clear();
  }

  /**
   * The outputs of the first `rows` rows of `features`, [rows, outputs]; valid until the next call.
   *
   * @param rows  from 1 to `capacity`
   */
  run(rows: number): Float32Array {
    this.#normalize(rows);
    // Other code is for `capacity` rows and no others; from half of them on it is quicker, whatever lies behind the rows.
    const computed = this.#code !== undefined && 2 * rows >= this.capacity ? this.capacity : rows;
    for (const call of this.#program(computed)) call();
    return this.#outputs.subarray(0, rows * this.#setup.network.outputs);
  }

  #normalize(rows: number): void {
    const { normalization, stored, network } = this.#setup;
    const { inputs } = network;
    const { stage, plan } = this.#plan;
    const x = plan.memory.x.at;
    const kernels = this.#kernels;
    if (normalization.kind === 'affine') {
      if (stored === 'u8') kernels.u8_to_f32_zscore(stage.at, x, rows, inputs, this.#centerAt, this.#scaleAt);
      else kernels.f32_zscore(x, rows, inputs, this.#centerAt, this.#scaleAt);
    } else if (stored === 'u8') kernels.u8_to_f32(stage.at, x, rows * inputs, normalization.divisor);
    else if (normalization.divisor !== 1) kernels.f32_divide(x, rows * inputs, normalization.divisor);
  }

  #program(rows: number): readonly (() => void)[] {
    const known = this.#programs.get(rows);
    if (known !== undefined) return known;
    const kernels = this.#kernels;
    const program = this.#callsOf(rows).map((call) => {
      const run: (...values: number[]) => void = kernels[call.kernel];
      return this.#code?.runOf(call) ?? ((): void => run(...call.args));
    });
    this.#programs.set(rows, program);
    return program;
  }

  #callsOf(rows: number): KernelCall[] {
    const share = new Share(this.#plan.plan, 0, { kind: 'evaluate', batchRows: rows, stepRow: 0, averaged: false });
    const writer = new ProgramWriter(share.rows, share.leaves);
    lowerForward(share, writer);
    return writer.program.phases.flat();
  }

  get #centerAt(): number {
    return this.#plan.normalization.at;
  }

  get #scaleAt(): number {
    return this.#plan.normalization.at + f32Bytes(this.#setup.network.inputs);
  }
}
