import type { CommandGroup } from './command.ts';
import { runsGc } from './runs-gc.ts';
import { runsLs } from './runs-ls.ts';
import { runsRm } from './runs-rm.ts';
import { runsShow } from './runs-show.ts';
import { runsTag } from './runs-tag.ts';

/** `gradloom runs`. */
export const runs: CommandGroup = {
  describe: 'List, show, tag and remove runs',
  commands: { ls: runsLs, show: runsShow, tag: runsTag, rm: runsRm, gc: runsGc },
};
