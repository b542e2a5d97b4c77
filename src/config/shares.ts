/** What `auto` is of val and of test, where the source has no such set of its own. */
export const AUTO_FRACTION = 0.1;

/** Room for the rounding of decimal fractions: 0.29 of 100 is 29, although 0.29 * 100 < 29. */
export const FRACTION_ROUNDING = 1e-9;
