import type { CommandGroup } from '../../arguments/command.ts';
import { runsExport } from './export.ts';
import { runsGc } from './gc.ts';
import { runsLs } from './ls.ts';
import { runsRm } from './rm.ts';
import { runsShow } from './show.ts';
import { runsTag } from './tag.ts';

/** `gradloom runs`. */
export const runs: CommandGroup = {
  describe: 'List, show, tag, export and remove runs',
  commands: { ls: runsLs, show: runsShow, tag: runsTag, export: runsExport, rm: runsRm, gc: runsGc },
};
