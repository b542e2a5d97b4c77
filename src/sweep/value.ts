/** A value that a trial sets, as it would stand in YAML. */
export type ParameterValue = number | string | boolean | null | readonly ParameterValue[] | { readonly [key: string]: ParameterValue };
