/** What curves go along. */
export type Unit = 'step' | 'epoch' | 'time';
