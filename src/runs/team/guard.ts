import type { TrainingState } from '../../engine/coordinator/shared-state.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError } from '../../errors.ts';
import { digestLine } from '../files/digests.ts';
import { agree, memberName } from './agree.ts';

/** Steps between two looks at all tensors, at least: hashing them takes about as long as a step does. */
const STEPS = 100;

interface Report {
  step: number;
  isInterrupted: boolean;
  /** Digests of all tensors of the state, by name, where they are looked at. */
  tensors?: Record<string, string>;
}

/** Keeps the members of a team together: they end together, and they have the same bits. */
export class Guard {
  readonly #team: Team;
  /** The step of the last look. */
  #lookedAt: number | undefined;

  private constructor(team: Team) {
    this.#team = team;
  }

  /** All members have come to the first step. @throws GradloomError of a member that has not */
  static async open(team: Team): Promise<Guard> {
    await agree(team, 'ready');
    team.phase = 'training';
    return new Guard(team);
  }

  /**
   * Between two segments, to which all members come.
   *
   * @param isInterrupted  this member was asked to end
   * @returns whether one of them was
   * @throws GradloomError E_RANK where one has other bits than member 0
   */
  async meet(plan: EnginePlan, step: number, isInterrupted: boolean, snapshot: () => TrainingState): Promise<boolean> {
    const isLook = this.#lookedAt === undefined || step >= this.#lookedAt + STEPS || step === plan.batches.totalSteps;
    if (isLook) this.#lookedAt = step;
    const own: Report = { step, isInterrupted, ...(isLook && { tensors: digestLine(plan, step, snapshot()).tensors }) };
    const reports = await agree(this.#team, own);
    const [first = own] = reports;
    for (const [member, report] of reports.entries()) this.#compare(member, report, first);
    return reports.some((report) => report.isInterrupted);
  }

  #compare(member: number, report: Report, first: Report): void {
    const where = `${memberName(this.#team, member)}, step ${report.step}`;
    const next = 'resume the run; if it comes again, test the memory and the processor of that machine';
    const fail = (message: string): never => {
      this.#team.phase = 'over';
      throw new GradloomError({ code: 'E_RANK', where, message, next });
    };
    if (report.step !== first.step) fail(`rank 0 has come to step ${first.step}`);
    const name = Object.entries(first.tensors ?? {}).find(([tensor, digest]) => report.tensors?.[tensor] !== digest)?.[0];
    if (name !== undefined) fail(`${name} has other bits than those of rank 0`);
  }
}
