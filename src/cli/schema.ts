import type { Output } from './output.ts';

/** `gradloom schema`. */
export async function schemaCommand(output: Output): Promise<number> {
  const { experimentJsonSchema } = await import('../config/json-schema.ts');
  output.object(experimentJsonSchema());
  return 0;
}
