/**
 * Processes that train one model together, each with all of the data and all of the weights: every one computes its block of each batch's
 * leaves, and what is summed over leaves goes through all of them, in the order of the tree. So all have the same bits after each step, those
 * of one process by itself.
 */
export interface TeamPlan {
  /** Number of this process among them; member 0 alone prints and writes files. */
  member: number;
  members: number;
  /** Members that may run on the same cores as this one, itself among them. */
  sharers: number;
  /** How long a member waits for the others before it gives the team up. */
  patienceMs: number;
}

export const ALONE: TeamPlan = { member: 0, members: 1, sharers: 1, patienceMs: Number.POSITIVE_INFINITY };

/**
 * The way from a thread to the other members. Every member makes the same calls in the same order. All but `finish` only begin: until it returns,
 * what they were given is not to be touched. So what does not depend on each other is waited for once.
 */
export interface Link {
  /** Each member's block of `all` goes to all others: `all` has as many blocks of equal size as there are members, in their order. */
  allGather(all: ArrayBufferView): void;
  /** f32: all members' sum, in an order that is the library's own. */
  allReduce(all: Float32Array): void;
  /** Block i of `from` goes to member i, which receives it as block j of `to`, where j is the number of the sender. */
  allToAll(from: ArrayBufferView, to: ArrayBufferView): void;
  /**
   * Waits for all that was begun.
   *
   * @param idle  called over and over while the others are waited for, with the milliseconds since the wait began; may throw
   */
  finish(idle: (waitedMs: number) => void): void;
}

/** The others did not come, or the way to them is broken. */
export class TeamLost extends Error {
  override readonly name = 'TeamLost';
}

/** A team as the coordinator sees it. */
export interface Team extends TeamPlan {
  /** Plain data of which each thread makes its own link. */
  readonly link: unknown;
  /** What carries the messages: its name and version. */
  readonly version: string;
  /** Of each member: the name of its machine. */
  readonly hosts: readonly string[];
  /** What of the way it was started makes this member slow; a sentence each. */
  readonly notices: readonly string[];
  /** begin: whoever fails tells the others. training: the others are at work with each other, and wait. over: all know how it ended. */
  phase: 'begin' | 'training' | 'over';
  /** What every member says at this point, in their order. All must come to it. */
  gather(own: Uint8Array): Promise<Uint8Array[]>;
  /** Member 0's bytes for all. @param own  of member 0; others give as many to be filled */
  broadcast(own: Uint8Array): Promise<Uint8Array>;
}
