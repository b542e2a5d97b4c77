/** A value that a trial sets, as it would stand in YAML. */
export type ParameterValue = number | string | boolean | null | readonly ParameterValue[] | { readonly [key: string]: ParameterValue };

/** Arrays that cannot be changed are none to `Array.isArray`. */
export function isList(value: ParameterValue): value is readonly ParameterValue[] {
  return Array.isArray(value);
}
