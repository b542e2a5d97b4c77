import type { SchemaKind } from './options.ts';
import type { Output } from './output.ts';

/** `gradloom schema`. */
export async function schemaCommand(kind: SchemaKind, output: Output): Promise<number> {
  if (kind === 'speedup') output.object((await import('../speedup/schema.ts')).speedupJsonSchema());
  else output.object((await import('../config/json-schema.ts')).experimentJsonSchema());
  return 0;
}
