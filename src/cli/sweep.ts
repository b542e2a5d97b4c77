import type { CommandGroup } from './command.ts';
import { sweepBest } from './sweep-best.ts';
import { sweepExport } from './sweep-export.ts';
import { sweepImportanceCommand } from './sweep-importance.ts';
import { sweepPlan } from './sweep-plan.ts';
import { sweepReport } from './sweep-report.ts';
import { sweepResume } from './sweep-resume.ts';
import { sweepRun } from './sweep-run.ts';
import { sweepStatus } from './sweep-status.ts';

/** `gradloom sweep`. */
export const sweep: CommandGroup = {
  describe: 'Search hyperparameters: run, plan, resume and look at sweeps; sweep FILE is sweep run FILE',
  commands: {
    run: sweepRun,
    plan: sweepPlan,
    resume: sweepResume,
    status: sweepStatus,
    best: sweepBest,
    importance: sweepImportanceCommand,
    report: sweepReport,
    export: sweepExport,
  },
  forFile: 'run',
};
