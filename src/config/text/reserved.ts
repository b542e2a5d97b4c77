/** Names that mean something to JavaScript objects and so never may be keys: `__proto__`, `constructor`, `toString` ... */
const RESERVED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}
