import messages from '../../plugins/ml-api-message.ts';
import perfs from '../../plugins/ml-api-perfs.ts';
import topFunc from '../../plugins/ml-api-top-func.ts';
import redact from '../../plugins/redact.ts';
import { CONFIG_SCHEMA } from '../../src/config/schema.ts';
import { SHIPPED_FORMATS } from '../../src/formats/shipped.ts';

type Schema = Record<string, unknown>;

/**
 * The schema as editors need it: a section whose lines are all commented out is null, which the program takes for an empty
 * one; and the options of shipped plugins and formats are looked at.
 */
export function editorSchema(): Schema {
  const schema = structuredClone(CONFIG_SCHEMA) as unknown as Schema & { properties: Record<string, Schema> };
  for (const section of Object.values(schema.properties)) allowNull(section);
  addOptions(schema.properties.plugins!, [messages, perfs, topFunc, redact]);
  addOptions(schema.properties.formats!, SHIPPED_FORMATS);
  return schema;
}

function allowNull(section: Schema): void {
  if (section.type !== 'object') return;
  section.type = ['object', 'null'];
  for (const inner of Object.values((section.properties ?? {}) as Record<string, Schema>)) allowNull(inner);
}

function addOptions(list: Schema, shipped: readonly { name: string; options?: object }[]): void {
  (list.items as Schema).allOf = shipped
    .filter(({ options }) => options !== undefined)
    .map(({ name, options }) => ({
      if: { required: ['use'], properties: { use: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { options } },
    }));
}
