import { signal } from '@preact/signals';

/** Keys of the runs that are ticked. */
export const ticked = signal<ReadonlySet<string>>(new Set());
