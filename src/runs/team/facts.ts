import { createHash } from 'node:crypto';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Team } from '../../engine/team/team.ts';
import { GradloomError, printable } from '../../errors.ts';
import { bindKernels } from '../../kernels/bind.ts';
import { SELF_TEST_BYTES, testKernels } from '../../kernels/check/selftest.ts';
import { compileKernels, KERNEL_VERSION } from '../../kernels/module.ts';
import { packageVersion } from '../../machine/version.ts';
import { configHash } from '../checkpoint/basis.ts';
import { initHashes } from '../prepare/initial.ts';
import type { Prepared } from '../prepare/prepare.ts';
import { agree, memberName } from './agree.ts';

/** What must be the same for all members, or their bits would part: by the name that an error calls it. */
function factsOf(experiment: Experiment, { dataset }: Prepared): Record<string, string> {
  const [a, b] = [compileKernels(), new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true })];
  testKernels(bindKernels(a, b), b);
  return {
    gradloom: packageVersion(),
    Node: process.version,
    'the kernels': String(KERNEL_VERSION),
    'the self-test of the arithmetic': sha256(new Uint8Array(b.buffer, 0, SELF_TEST_BYTES)),
    'the experiment': configHash(experiment),
    'the initial weights': sha256(JSON.stringify(initHashes(experiment))),
    'the data': dataset.fingerprint,
  };
}

/**
 * Checks that all members are about to do the same.
 *
 * @throws GradloomError E_RANK where one differs, with its name and in what; of a member that failed
 */
export async function compareMembers(team: Team, experiment: Experiment, prepared: Prepared): Promise<void> {
  const [first = {}, ...others] = await agree(team, factsOf(experiment, prepared));
  for (const [i, facts] of others.entries()) {
    const name = Object.keys(first).find((key) => facts[key] !== first[key]);
    if (name === undefined) continue;
    team.phase = 'over';
    throw new GradloomError({
      code: 'E_RANK',
      where: memberName(team, i + 1),
      message: `${name} differs from that of rank 0: ${short(facts[name])}, but ${short(first[name])} there`,
      next: 'give all machines the same gradloom, Node, experiment and data',
    });
  }
}

function short(value = 'nothing'): string {
  return printable(/^[\da-f]{64}$/.test(value) ? value.slice(0, 12) : value);
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
