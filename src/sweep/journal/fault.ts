import type { GradloomError } from '../../errors.ts';

/** What went wrong, as an error of gradloom tells it. */
export interface Fault {
  code: string;
  where?: string | undefined;
  message: string;
}

export function faultOf({ code, where, message }: GradloomError): Fault {
  return { code, message, ...(where !== undefined && { where }) };
}
