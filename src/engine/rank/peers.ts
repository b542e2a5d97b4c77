import type { Kernels } from '../../kernels/kernels.ts';
import { f32Bytes } from '../../model/parameters.ts';
import { rankWords, WORD } from '../plan/control.ts';
import { type Addition, memberLeaves, type Range, reduction } from '../plan/leaves.ts';
import { ACTIVITY_VALUES, SUM_VALUES } from '../plan/memory.ts';
import type { Region } from '../plan/place.ts';
import type { EnginePlan } from '../plan/plan.ts';
import { type Link, TeamLost } from '../team/team.ts';
import { Aborted } from './barrier.ts';

/** How long the others are looked for without a break, where a core is free for it: about what a step of a small network takes. */
const SPIN_MS = 1;
/** A break is this share of the wait so far: what it costs at most. */
const BREAK_SHARE = 1 / 16;
const BREAK_MS = { least: 0.02, most: 2 };
const F64 = Float64Array.BYTES_PER_ELEMENT;

/**
 * What the members of a team put together: everything that is per leaf, and the gradient. Rank 0 of a process does it, while its other ranks
 * wait at a barrier; so each number is the same for all members as if one process had worked out all leaves.
 */
export class Peers {
  readonly #plan: EnginePlan;
  readonly #link: Link;
  readonly #kernels: Kernels;
  readonly #buffer: ArrayBufferLike;
  readonly #control: Int32Array;
  readonly #spinMs: number;
  readonly #views = new Map<number, Uint8Array>();
  readonly #blocks = new Map<number, Float64Array>();
  readonly #leaves: Range;
  /** Of the members' sums of one segment. */
  readonly #additions: readonly Addition[];
  readonly #segment: number;

  constructor(plan: EnginePlan, memory: WebAssembly.Memory, kernels: Kernels, link: Link | undefined) {
    if (link === undefined) throw new RangeError(`no way to the other ${plan.team.members - 1} members of the team`);
    const { memory: regions, team, experiment } = plan;
    const { leaves } = experiment.numerics;
    this.#plan = plan;
    this.#link = link;
    this.#kernels = kernels;
    this.#buffer = memory.buffer;
    this.#control = new Int32Array(memory.buffer, regions.control.at, regions.control.bytes / Int32Array.BYTES_PER_ELEMENT);
    // Other ranks sleep meanwhile, those of members on the same machine may not.
    this.#spinMs = plan.workers > plan.cores ? 0 : SPIN_MS;
    this.#leaves = memberLeaves(team, leaves);
    const nodes = Array.from({ length: team.members }, (_, member) => {
      const { from, to } = memberLeaves({ member, members: team.members }, leaves);
      return { first: from, count: to - from };
    });
    this.#additions = reduction(nodes, leaves);
    this.#segment = regions.partials.bytes / Float32Array.BYTES_PER_ELEMENT / team.members;
  }

  /** Per-leaf values of which each member has those of its own leaves: then all have all. */
  shareLeaves(regions: readonly Region[]): void {
    for (const region of regions) this.#link.allGather(this.#view(region));
    this.#link.finish(this.#idle);
  }

  /**
   * Behind a batch: per-leaf values, losses leaf by leaf and what the layers put out become those of all members, and the gradient in the first
   * slab, the sum over each member's leaves, becomes the sum over all, by the tree.
   *
   * @param stop  this member is asked to leave after the step
   * @returns whether one of them is
   */
  shareBatch(regions: readonly Region[], stop: boolean, withActivity: boolean): boolean {
    for (const region of regions) this.#link.allGather(this.#view(region));
    const losses = this.#packLosses(stop, withActivity);
    this.#link.allGather(losses);
    this.#sumGradients();
    return this.#unpackLosses(losses, withActivity);
  }

  #sumGradients(): void {
    const { memory, team, experiment } = this.#plan;
    const [slab] = memory.slabs;
    if (slab === undefined) throw new RangeError('no slab for the gradient');
    if (experiment.parallel.reduce === 'fast') {
      const { at, bytes } = slab;
      this.#link.allReduce(new Float32Array(this.#buffer, at, bytes / Float32Array.BYTES_PER_ELEMENT));
      this.#link.finish(this.#idle);
      return;
    }
    const { partials } = memory;
    const size = f32Bytes(this.#segment);
    this.#link.allToAll(this.#view(slab), this.#view(partials));
    this.#link.finish(this.#idle);
    for (const { into, from } of this.#additions) this.#kernels.add(partials.at + into * size, partials.at + from * size, this.#segment);
    this.#kernels.copy(slab.at + team.member * size, partials.at, this.#segment);
    this.#link.allGather(this.#view(slab));
    this.#link.finish(this.#idle);
  }

  /** @returns of each member: whether it is asked to leave, its losses, its layers' values; this one's filled in */
  #packLosses(stop: boolean, withActivity: boolean): Float64Array {
    const { memory, team } = this.#plan;
    const { from, to } = this.#leaves;
    const { layers, losses, activity, size } = this.#lossBlock(withActivity);
    const activities = this.#doubles(memory.activity);
    const all = this.#blocksOf(size);
    const own = all.subarray(team.member * size, (team.member + 1) * size);
    own[0] = stop ? 1 : 0;
    own.set(this.#doubles(memory.leafSums).subarray(from * SUM_VALUES, to * SUM_VALUES), 1);
    for (let layer = 0; layer < layers; layer++) {
      own.set(activities.subarray(this.#activityAt(layer, from), this.#activityAt(layer, to)), 1 + losses + layer * activity);
    }
    return all;
  }

  #unpackLosses(all: Float64Array, withActivity: boolean): boolean {
    const { memory, team, experiment } = this.#plan;
    const { layers, losses, activity, size } = this.#lossBlock(withActivity);
    const leafSums = this.#doubles(memory.leafSums);
    const activities = this.#doubles(memory.activity);
    let isAsked = false;
    for (let member = 0; member < team.members; member++) {
      const block = all.subarray(member * size, (member + 1) * size);
      const { from: first } = memberLeaves({ member, members: team.members }, experiment.numerics.leaves);
      isAsked ||= block[0] !== 0;
      leafSums.set(block.subarray(1, 1 + losses), first * SUM_VALUES);
      for (let layer = 0; layer < layers; layer++) {
        const at = 1 + losses + layer * activity;
        activities.set(block.subarray(at, at + activity), this.#activityAt(layer, first));
      }
    }
    return isAsked;
  }

  /** In f64 values: of a member's losses, of a layer's activity, of all. */
  #lossBlock(withActivity: boolean): { layers: number; losses: number; activity: number; size: number } {
    const { from, to } = this.#leaves;
    const layers = withActivity ? this.#plan.network.layers.length : 0;
    const [losses, activity] = [(to - from) * SUM_VALUES, (to - from) * ACTIVITY_VALUES];
    return { layers, losses, activity, size: 1 + losses + layers * activity };
  }

  #activityAt(layer: number, leaf: number): number {
    return (layer * this.#plan.experiment.numerics.leaves + leaf) * ACTIVITY_VALUES;
  }

  /** What an evaluation of so many batches has left: losses by batch and leaf, counts, sums by leaf. */
  shareEvaluation(batches: number): void {
    const { memory, metrics, team, experiment } = this.#plan;
    const { leaves } = experiment.numerics;
    const { from, to } = this.#leaves;
    const losses = (to - from) * SUM_VALUES;
    const evalSums = this.#doubles(memory.evalSums);
    const metricSums = this.#doubles(memory.metricSums);
    const counts = memory.metricCounts.map((region) => this.#doubles(region));
    const size = batches * losses + metrics.countLength + (to - from) * metrics.sumLength;
    const all = this.#blocksOf(size);
    const own = all.subarray(team.member * size, (team.member + 1) * size);
    for (let batch = 0; batch < batches; batch++) {
      const at = batch * leaves * SUM_VALUES;
      own.set(evalSums.subarray(at + from * SUM_VALUES, at + to * SUM_VALUES), batch * losses);
    }
    const ownCounts = own.subarray(batches * losses, batches * losses + metrics.countLength).fill(0);
    for (const count of counts) addWhole(ownCounts, count);
    own.set(metricSums.subarray(from * metrics.sumLength, to * metrics.sumLength), batches * losses + metrics.countLength);
    this.#link.allGather(all);
    this.#link.finish(this.#idle);
    for (const count of counts) count.fill(0);
    for (let member = 0; member < team.members; member++) {
      const block = all.subarray(member * size, (member + 1) * size);
      const { from: first } = memberLeaves({ member, members: team.members }, leaves);
      for (let batch = 0; batch < batches; batch++) {
        evalSums.set(block.subarray(batch * losses, (batch + 1) * losses), (batch * leaves + first) * SUM_VALUES);
      }
      const theirs = block.subarray(batches * losses, batches * losses + metrics.countLength);
      if (counts[0] !== undefined) addWhole(counts[0], theirs);
      metricSums.set(block.subarray(batches * losses + metrics.countLength), first * metrics.sumLength);
    }
  }

  /** Between two looks for the others: shows life, sees an abort, and leaves the core to who needs it. */
  readonly #idle = (waitedMs: number): void => {
    const control = this.#control;
    if (Atomics.load(control, WORD.abort) !== 0) throw new Aborted();
    const { beat } = rankWords(0);
    control[beat] = ((control[beat] as number) + 1) | 0;
    if (waitedMs > this.#plan.team.patienceMs) {
      throw new TeamLost(`the other ranks did not come within ${Math.round(this.#plan.team.patienceMs / 1000)} s`);
    }
    if (waitedMs < this.#spinMs) return;
    Atomics.wait(control, WORD.abort, 0, Math.min(BREAK_MS.most, Math.max(BREAK_MS.least, waitedMs * BREAK_SHARE)));
  };

  #view(region: Region): Uint8Array {
    const known = this.#views.get(region.at) ?? new Uint8Array(this.#buffer, region.at, region.bytes);
    this.#views.set(region.at, known);
    return known;
  }

  /** f64 [members, size], outside of the run's memory. */
  #blocksOf(size: number): Float64Array {
    const known = this.#blocks.get(size) ?? new Float64Array(new SharedArrayBuffer(size * this.#plan.team.members * F64));
    this.#blocks.set(size, known);
    return known;
  }

  #doubles({ at, bytes }: Region): Float64Array {
    return new Float64Array(this.#buffer, at, bytes / F64);
  }
}

/** Whole numbers: the order of the sum does not matter. */
function addWhole(total: Float64Array, part: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (part[i] as number);
}
