import { GradloomError, printable } from '../../errors.ts';
import { kernelBits } from '../../kernels/check/bits.ts';
import { KERNEL_VERSION } from '../../kernels/module.ts';
import type { BlobStore } from '../store/store.ts';
import { jobShape, type TrialJob } from './protocol.ts';

/** What two machines must have in common to come to the same bits. */
export interface Standing {
  kernels: number;
  bits: string;
  store: string;
  storeShown: string;
}

export function standingHere(store: BlobStore): Standing {
  return { kernels: KERNEL_VERSION, bits: kernelBits(), store: store.id, storeShown: store.shown };
}

/** What an agent is given. @throws GradloomError E_AGENT if it is not of this version */
export function jobIn({ data, name }: { data: unknown; name: string }): TrialJob {
  const misfit = jobShape.misfit(data);
  if (misfit === undefined) return data as TrialJob;
  const place = misfit.path.toReversed().join('.');
  const message = `its jobs are not understood: ${place}: expected ${misfit.expected}`;
  throw refusal({ sweep: printable(name) }, message, 'install the same gradloom');
}

/** @throws GradloomError E_AGENT naming what differs */
export function checkStanding(here: Standing, job: TrialJob): void {
  if (here.kernels !== job.kernels)
    throw refusal(
      job,
      `kernels of version ${here.kernels} here, of version ${job.kernels} where the sweep was begun`,
      'install the same gradloom',
    );
  if (here.bits !== job.bits) {
    const message = `the self-test gives ${here.bits.slice(0, 12)} with Node ${process.versions.node} here, ${printable(job.bits.slice(0, 12))} where the sweep was begun`;
    throw refusal(job, message, 'use the Node of the machine where the sweep was begun, then: gradloom doctor');
  }
  if (here.store !== job.store) {
    const message = `the store here is ${here.storeShown} (${here.store}), the sweep's is ${printable(job.storeShown)} (${printable(job.store, 40)})`;
    throw refusal(job, message, 'start the agent with the --store of the sweep, and check that it is mounted');
  }
}

/** An agent does not train a job, since it would not come to the bits that are asked for. */
export function refusal({ sweep }: Pick<TrialJob, 'sweep'>, message: string, next: string, cause?: unknown): GradloomError {
  return new GradloomError({ code: 'E_AGENT', where: `sweep ${printable(sweep)}`, message, next, cause });
}
