import type { CommandGroup } from '../../arguments/command.ts';
import { cacheClear } from './clear.ts';
import { cacheLs } from './ls.ts';

/** `gradloom cache`. */
export const cache: CommandGroup = {
  describe: 'Show and remove what gradloom keeps to be faster the next time',
  commands: { ls: cacheLs, clear: cacheClear },
};
