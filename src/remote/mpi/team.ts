import { setTimeout as sleep } from 'node:timers/promises';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError } from '../../errors.ts';
import type { Launched } from './launched.ts';
import { IMPLEMENTATIONS, loadMpi, type Mpi, Pending } from './library.ts';
import type { MpiLinkData } from './link.ts';
import { boundNotices, type Place, placeHere } from './place.ts';
import { librarySettings } from './settings.ts';

/** How long a member waits for the others before it gives up: longer than any of them may take to read its data, or member 0 to write a file. */
const PATIENCE_S = 600;
const THREAD_MULTIPLE = 3;
/** Bytes of one broadcast: counts are 32-bit. */
const PIECE_BYTES = 2 ** 30;
/** How long the coordinator looks for the others without a break, and then between two looks. */
const EAGER_MS = 2;
const BREAK_MS = 1;

type Circle = Pick<Team, 'member' | 'members' | 'patienceMs'>;

/** The team of the processes that a launcher of MPI has started. */
export class MpiTeam implements Team {
  readonly member: number;
  readonly members: number;
  readonly sharers: number;
  readonly patienceMs: number;
  readonly link: MpiLinkData;
  phase: Team['phase'] = 'begin';
  /** Of each member: the name of its machine. */
  readonly hosts: readonly string[];
  readonly notices: readonly string[];
  readonly version: string;
  readonly #mpi: Mpi;

  private constructor(mpi: Mpi, { member, members, patienceMs, files }: Circle & { files: readonly string[] }, places: readonly Place[]) {
    this.#mpi = mpi;
    this.version = mpi.version;
    this.member = member;
    this.members = members;
    this.patienceMs = patienceMs;
    this.link = { files, members, communicator: duplicate(mpi) };
    this.hosts = places.map(({ host }) => host);
    const neighbours = places.filter(({ host }) => host === this.hosts[member]);
    this.sharers = neighbours.filter(({ cores }) => cores === places[member]?.cores).length;
    this.notices = boundNotices(neighbours.length, this.sharers);
  }

  /**
   * Meets the other processes. Nothing else may call MPI in this process before, and `leave` has to be called in the end.
   *
   * @throws GradloomError E_MPI where the library is missing, or not the launcher's
   */
  static async join({ library, rank, size }: Launched, environment: NodeJS.ProcessEnv = process.env): Promise<MpiTeam> {
    const given = environment['GRADLOOM_MPI_LIBRARY'];
    const files = given === undefined || given === '' ? IMPLEMENTATIONS[library].files : [given];
    for (const [name, value] of librarySettings(environment)) environment[name] = value;
    const mpi = loadMpi(files);
    const provided = new Int32Array(1);
    mpi.call('MPI_Init_thread', 0n, 0n, THREAD_MULTIPLE, provided);
    const member = numberOf(mpi, 'MPI_Comm_rank');
    const members = numberOf(mpi, 'MPI_Comm_size');
    const where = `rank ${rank}`;
    if (members !== size || member !== rank) {
      const message = `the launcher has started ${size} ranks, but ${mpi.version} knows of ${members}: it is not the launcher's library`;
      const next = 'start with the mpirun of that library (mpirun.openmpi, mpirun.mpich), or unset GRADLOOM_MPI_LIBRARY';
      throw new GradloomError({ code: 'E_MPI', where, message, next });
    }
    if ((provided[0] ?? 0) < THREAD_MULTIPLE) {
      const message = `${mpi.version} was built without MPI_THREAD_MULTIPLE, which gradloom needs`;
      throw new GradloomError({ code: 'E_MPI', where, message, next: 'use another build of it' });
    }
    const circle = { members, member, patienceMs: patienceOf(environment) };
    const places = await gather(mpi, circle, new TextEncoder().encode(JSON.stringify(placeHere())));
    return new MpiTeam(
      mpi,
      { ...circle, files },
      places.map((place) => JSON.parse(new TextDecoder().decode(place)) as Place),
    );
  }

  gather(own: Uint8Array): Promise<Uint8Array[]> {
    return gather(this.#mpi, this, own);
  }

  async broadcast(own: Uint8Array): Promise<Uint8Array> {
    const all = sharedBytes(own.length);
    all.set(own);
    for (let from = 0; from < all.length; from += PIECE_BYTES) {
      const piece = all.subarray(from, from + PIECE_BYTES);
      const pending = new Pending(this.#mpi);
      pending.begin('MPI_Ibcast', piece, piece.length, this.#mpi.byte, 0, this.#mpi.world);
      await over(pending, this.patienceMs);
    }
    return all;
  }

  /** Ends the processes of all members, with this exit code. */
  abort(exitCode: number): void {
    this.#mpi.call('MPI_Abort', this.#mpi.world, exitCode);
  }

  /** The end, to which all members have come. */
  leave(): void {
    this.#mpi.call('MPI_Finalize');
  }
}

function numberOf(mpi: Mpi, name: 'MPI_Comm_rank' | 'MPI_Comm_size'): number {
  const value = new Int32Array(1);
  mpi.call(name, mpi.world, value);
  return value[0] ?? 0;
}

/** A communicator of the same members, whose messages do not meet those of the first. */
function duplicate(mpi: Mpi): MpiLinkData['communicator'] {
  const handle = new BigUint64Array(1);
  mpi.call('MPI_Comm_dup', mpi.world, handle);
  const [value = 0n] = handle;
  // An int in the first four bytes, or an address.
  return typeof mpi.world === 'number' ? Number(BigInt.asIntN(32, value)) : value;
}

function sharedBytes(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}

/** The bytes of all members, which may have more or fewer. */
async function gather(mpi: Mpi, team: Circle, own: Uint8Array): Promise<Uint8Array[]> {
  const lengths = new Float64Array(new SharedArrayBuffer(team.members * Float64Array.BYTES_PER_ELEMENT));
  lengths[team.member] = own.length;
  await allGather(mpi, team, new Uint8Array(lengths.buffer));
  const size = Math.max(...lengths);
  const all = sharedBytes(size * team.members);
  all.set(own, team.member * size);
  if (size > 0) await allGather(mpi, team, all);
  // Decoders and parsers refuse shared memory.
  return Array.from(lengths, (length, member) => all.slice(member * size, member * size + length));
}

async function allGather(mpi: Mpi, { members, patienceMs }: Circle, all: Uint8Array): Promise<void> {
  const pending = new Pending(mpi);
  pending.begin('MPI_Iallgather', mpi.inPlace, 0, mpi.byte, all, all.length / members, mpi.byte, mpi.world);
  await over(pending, patienceMs);
}

/** Waits for a collective without blocking the event loop. */
async function over(pending: Pending, patienceMs: number): Promise<void> {
  const started = performance.now();
  while (!pending.isOver) {
    const waited = performance.now() - started;
    if (waited > patienceMs) {
      const message = `the other ranks did not come within ${Math.round(patienceMs / 1000)} s`;
      throw new GradloomError({ code: 'E_RANK', message });
    }
    if (waited < EAGER_MS) await new Promise(setImmediate);
    else await sleep(BREAK_MS);
  }
}

/** @throws GradloomError E_USAGE */
function patienceOf({ GRADLOOM_MPI_PATIENCE: text = '' }: NodeJS.ProcessEnv): number {
  if (text === '') return PATIENCE_S * 1000;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text) * 1000;
  const message = `expected seconds from 1 to 999999; got ${JSON.stringify(text)}`;
  throw new GradloomError({ code: 'E_USAGE', where: 'GRADLOOM_MPI_PATIENCE', message });
}
