import type { CommandGroup } from '../../arguments/command.ts';
import { sweepBest } from './best.ts';
import { sweepCancel } from './cancel.ts';
import { sweepExport } from './export.ts';
import { sweepImportanceCommand } from './importance.ts';
import { sweepLs } from './ls.ts';
import { sweepPlan } from './plan.ts';
import { sweepReport } from './report.ts';
import { sweepResume } from './resume.ts';
import { sweepRetryFailed } from './retry-failed.ts';
import { sweepRun } from './run.ts';
import { sweepStatus } from './status.ts';

/** `gradloom sweep`. */
export const sweep: CommandGroup = {
  describe: 'Search hyperparameters: run, plan, resume and look at sweeps; sweep FILE is sweep run FILE',
  commands: {
    run: sweepRun,
    plan: sweepPlan,
    resume: sweepResume,
    status: sweepStatus,
    ls: sweepLs,
    cancel: sweepCancel,
    'retry-failed': sweepRetryFailed,
    best: sweepBest,
    importance: sweepImportanceCommand,
    report: sweepReport,
    export: sweepExport,
  },
  forFile: 'run',
};
