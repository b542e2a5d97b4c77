import type { Team } from '../../engine/team/team.ts';
import { ERROR_CODES } from '../../error-codes.ts';
import { type ErrorCode, GradloomError, printable } from '../../errors.ts';

/** What to do once a member has ended in the middle of the work. */
export const AFTER_LOSS = 'resume the run: gradloom resume DIR, also with another number of ranks, or with none';

/** What one member says at a point to which all come: a value, or why it cannot go on. */
interface Said<T> {
  value?: T;
  error?: { code: ErrorCode; message: string; where?: string; next?: string };
}

/**
 * What all members say, in their order. Whoever cannot go on says so by `tellFailure` in its place, and then this throws for all.
 *
 * @param own  plain data
 * @throws GradloomError of the first member that failed, with its rank and machine
 */
export async function agree<T>(team: Team, own: T): Promise<T[]> {
  const said = await exchange<T>(team, { value: own });
  for (const [member, { error }] of said.entries()) {
    if (error === undefined) continue;
    team.phase = 'over';
    throw failureOf(team, member, error);
  }
  return said.map(({ value }) => value as T);
}

/** Tells the others, at the point to which they come next, that this member cannot go on. */
export async function tellFailure(team: Team, { code, message, where, next }: GradloomError): Promise<void> {
  team.phase = 'over';
  await exchange(team, { error: { code, message, ...(where !== undefined && { where }), ...(next !== undefined && { next }) } });
}

async function exchange<T>(team: Team, own: Said<T>): Promise<Said<T>[]> {
  const said = await team.gather(new TextEncoder().encode(JSON.stringify(own)));
  return said.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Said<T>);
}

function failureOf(team: Team, member: number, { code, message, where, next }: NonNullable<Said<unknown>['error']>): GradloomError {
  const place = where === undefined ? '' : `: ${where}`;
  return new GradloomError({
    // Of a gradloom of another version it may be one that this one does not have.
    code: Object.hasOwn(ERROR_CODES, code) ? code : 'E_RANK',
    where: `${memberName(team, member)}${place}`,
    message,
    next,
  });
}

/** `rank 2 on node7` */
export function memberName({ hosts }: Team, member: number): string {
  return `rank ${member} on ${printable(hosts[member] ?? 'an unknown machine')}`;
}

/** An error of this member that the others have not heard of, with its rank and machine. */
export function ofMember(team: Team, error: GradloomError): GradloomError {
  // A rank that has no files knows of nothing kept, and the run goes on all the same.
  const { code, message, where, kept, next = AFTER_LOSS, cause } = error;
  const rank = memberName(team, team.member);
  return new GradloomError({ code, message, kept, next, cause, where: where === undefined ? rank : `${rank}: ${where}` });
}
