import { batchCount } from '../../engine/plan/batches.ts';
import { lowerProgram } from '../../engine/plan/lower/lower.ts';
import { ACTIVITY_VALUES, SUM_VALUES } from '../../engine/plan/memory.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { f32Bytes } from '../../model/parameters.ts';
import type { MachinesPrediction, MachinesRow } from '../events.ts';
import type { LinkCosts } from './protocol.ts';

/** What a step sends, once a batch: sizes of all members' blocks together. */
export interface Traffic {
  batches: number;
  /** Waited for one after the other before the gradient: per-leaf sums of layers that need those of the whole batch. */
  meetings: number[];
  /** Losses and per-leaf sums, beside the gradient. */
  besideBytes: number;
  gradientBytes: number;
}

/** What a step of one machine goes to. */
export interface OneMachine {
  computeSeconds: number;
  /** Barriers, reduction, update: the same on every machine. */
  otherSeconds: number;
  /** Of adding a float of another array. */
  addFloat: number;
  rows: number;
}

interface Network {
  gigabits: number;
  /** From program to program through a switch, beyond what MPI takes by itself. */
  latencySeconds: number;
}

/** Figures that are common, not measured: TCP on Ethernet for the first two, RDMA for the third. */
const NETWORKS: readonly Network[] = [
  { gigabits: 1, latencySeconds: 50e-6 },
  { gigabits: 10, latencySeconds: 20e-6 },
  { gigabits: 100, latencySeconds: 3e-6 },
];
/** Of a line's rate, what is left of it for data. */
const PAYLOAD = 0.94;
/** What MPI takes by itself where no two ranks were measured. */
const SOFTWARE_SECONDS = 2e-6;
/** Less is not worth a second machine. */
const GAIN = 1.1;
const F64 = Float64Array.BYTES_PER_ELEMENT;

/** What a full step of an experiment sends. */
export function trafficOf(plan: EnginePlan): Traffic {
  const { batches, experiment, network } = plan;
  const { shared } = lowerProgram(plan, 0, { kind: 'full', batchRows: batches.batchRows, stepRow: 0, averaged: false });
  const sizes = shared.map((regions) => regions.reduce((sum, { bytes }) => sum + bytes, 0));
  const losses = experiment.numerics.leaves * (SUM_VALUES + ACTIVITY_VALUES) * F64;
  return {
    batches: batchCount(batches, 0),
    meetings: sizes.slice(0, -1).filter((bytes) => bytes > 0),
    besideBytes: losses + (sizes.at(-1) ?? 0),
    gradientBytes: f32Bytes(network.vectorFloats),
  };
}

/**
 * Seconds of the exchange of a step among so many members, by the usual algorithms: gathering by doubling, each with each by pairs or in
 * as many rounds as the logarithm, whichever is faster.
 */
export function exchangeSeconds(
  traffic: Traffic,
  members: number,
  { latencySeconds: a, bytesPerSecond: b }: LinkCosts,
  addFloat: number,
): number {
  if (members === 1) return 0;
  const rounds = Math.ceil(Math.log2(members));
  const share = (members - 1) / members;
  const gather = (bytes: number): number => rounds * a + (bytes * share) / b;
  const { meetings, besideBytes, gradientBytes, batches } = traffic;
  const swap = Math.min((members - 1) * a + (gradientBytes * share) / b, rounds * (a + gradientBytes / 2 / b));
  const sum = ((gradientBytes * share) / Float32Array.BYTES_PER_ELEMENT) * addFloat;
  const before = meetings.reduce((total, bytes) => total + gather(bytes), 0);
  // Losses travel together with the segments.
  return batches * (before + swap + (besideBytes * share) / b + sum + gather(gradientBytes));
}

/** @param checks  of ranks that were measured: seconds of a step's exchange */
export function predictMachines(
  counts: readonly number[],
  traffic: Traffic,
  one: OneMachine,
  link: LinkCosts | undefined,
  checks: readonly { ranks: number; seconds: number }[],
): MachinesPrediction {
  const software = link?.latencySeconds ?? SOFTWARE_SECONDS;
  const links = NETWORKS.map(({ gigabits, latencySeconds }): LinkCosts => {
    const line = (PAYLOAD * gigabits * 1e9) / 8;
    return { latencySeconds: latencySeconds + software, bytesPerSecond: Math.min(line, link?.bytesPerSecond ?? line) };
  });
  const whole = one.computeSeconds + one.otherSeconds;
  const rowOf = (machines: number): MachinesRow => {
    // Nobody computes less than a row.
    const compute = one.computeSeconds * Math.max(1 / machines, 1 / one.rows);
    const exchanges = links.map((costs) => exchangeSeconds(traffic, machines, costs, one.addFloat));
    return {
      machines,
      compute_ms: 1000 * compute,
      exchange_ms: exchanges.map((seconds) => 1000 * seconds),
      speedup: exchanges.map((seconds) => whole / (compute + one.otherSeconds + seconds)),
    };
  };
  const rows = counts.map(rowOf);
  const looked = [...new Set([...Array.from({ length: 9 }, (_, i) => 2 ** i), ...counts])].toSorted((a, b) => a - b).map(rowOf);
  const networks = NETWORKS.map(({ gigabits, latencySeconds }, i) => {
    const best = looked.reduce((most, row) => ((row.speedup[i] ?? 0) > (most.speedup[i] ?? 0) ? row : most));
    return { gigabits, latency_us: 1e6 * latencySeconds, best_machines: best.machines, best_speedup: best.speedup[i] ?? 1 };
  });
  return {
    networks,
    rows,
    checks: checks.map(({ ranks, seconds }) => ({
      ranks,
      predicted_ms: 1000 * exchangeSeconds(traffic, ranks, link ?? { latencySeconds: software, bytesPerSecond: Infinity }, one.addFloat),
      measured_ms: 1000 * seconds,
    })),
    link: link === undefined ? null : { latency_us: 1e6 * link.latencySeconds, gigabytes_per_second: link.bytesPerSecond / 1e9 },
    assumptions: assumptionsOf(link),
    text: textOf(networks, looked, one),
  };
}

function assumptionsOf(link: LinkCosts | undefined): string[] {
  const latencies = NETWORKS.map(({ gigabits, latencySeconds }) => `${1e6 * latencySeconds} us at ${gigabits} Gb/s`).join(', ');
  return [
    'every machine is like the first, computes its share of the leaves as fast, and updates all parameters',
    `latencies of networks are common ones, not measured: ${latencies}; ${PAYLOAD * 100} % of a line are data`,
    'nobody waits for a slower machine, and no other traffic is on the network',
    'numerics.leaves can be shared by so many; another number of leaves has other bits',
    ...(link === undefined ? [] : ['no line carries more than what was measured between ranks here']),
    ...(link === undefined ? [`no two ranks were measured: MPI itself is taken to need ${1e6 * SOFTWARE_SECONDS} us a message`] : []),
  ];
}

function textOf(
  networks: MachinesPrediction['networks'],
  rows: readonly MachinesRow[],
  { computeSeconds, otherSeconds }: OneMachine,
): string {
  const two = rows.find(({ machines }) => machines === 2);
  const gains = networks
    .filter(({ best_speedup: speedup }) => speedup >= GAIN)
    .map(({ gigabits, best_machines: machines, best_speedup: speedup }) => {
      return `${gigabits} Gb/s: at most ${speedup.toFixed(1)} times as fast as one, with ${machines} machines.`;
    });
  const small = networks.flatMap(({ gigabits, best_speedup: speedup }, i) =>
    speedup < GAIN ? [{ gigabits, exchange: (two?.exchange_ms[i] ?? 0).toFixed(2) }] : [],
  );
  const list = (values: readonly (string | number)[]): string => values.join(', ');
  const step = `${(1000 * (computeSeconds + otherSeconds)).toFixed(2)} ms`;
  const tooSmall =
    small.length === 0
      ? []
      : [
          `${list(small.map(({ gigabits }) => gigabits))} Gb/s: too small to gain: a step of one machine takes ${step}, the exchange of two ` +
            `${list(small.map(({ exchange }) => exchange))} ms; train it on one machine, or many such by a sweep, a trial a machine.`,
        ];
  return ['A model, not a measurement.', ...gains, ...tooSmall].join(' ');
}
