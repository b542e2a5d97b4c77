/** What a launcher of MPI says of the process that it has started. */
export interface Launched {
  /** Which library its processes have to load. */
  library: 'Open MPI' | 'MPICH';
  rank: number;
  size: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Rank and size as launchers name them, and the library that goes with each. */
const LAUNCHERS: readonly { rank: string; size: readonly string[]; library: Launched['library'] }[] = [
  { rank: 'OMPI_COMM_WORLD_RANK', size: ['OMPI_COMM_WORLD_SIZE'], library: 'Open MPI' },
  // srun --mpi=pmix; Slurm tells the size by itself.
  { rank: 'PMIX_RANK', size: ['SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS'], library: 'Open MPI' },
  // Hydra (MPICH, Intel MPI), srun --mpi=pmi2.
  { rank: 'PMI_RANK', size: ['PMI_SIZE', 'SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS'], library: 'MPICH' },
];

/** The launcher of this process; undefined where it was started by itself, or `GRADLOOM_MPI=off` says that it is to train by itself. */
export function launched(environment: Environment): Launched | undefined {
  if (environment['GRADLOOM_MPI'] === 'off') return undefined;
  for (const { rank, size, library } of LAUNCHERS) {
    const number = whole(environment[rank]);
    const count = size.map((name) => whole(environment[name])).find((value) => value !== undefined);
    if (number !== undefined && count !== undefined && number < count) return { library, rank: number, size: count };
  }
  return undefined;
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}
