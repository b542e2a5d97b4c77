/** Shells that a completion is printed for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The first word of a command line that asks for candidates; not for people. */
export const COMPLETE = '--complete';
