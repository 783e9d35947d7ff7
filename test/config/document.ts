import type { Schema, Schemas } from '../../src/config/from-schema.ts';
import { CONFIG_SCHEMA } from '../../src/config/schema.ts';
import { SINKS, SOURCES } from '../../src/registry.ts';

const HEAD = `# Configuration

<!-- Written from the schema: see test/config/schema.test.ts. Don't edit it here. -->

Every setting, with its type, its default, and what sets it. Command-line flags win over environment variables, those over \`.env\`, that over the YAML file (\`configs/pipeline.yaml\`, or the one that \`--config\` names), and that over the defaults. In the YAML file, \`\${NAME}\` stands for a variable of the environment or of \`.env\`. An unknown key is an error, which names the nearest known one.

A **secret** is never printed. It may also come from a file: \`REDIS_PASSWORD_FILE=/run/secrets/redis\` sets what \`REDIS_PASSWORD\` would.
`;

/** The page `docs/configuration.md`: every setting that the schema holds, section by section. */
export function configurationPage(): string {
  const { properties } = CONFIG_SCHEMA;
  const sections: [string, Schema][] = Object.entries(properties).filter(
    ([, schema]) => 'properties' in schema,
  );
  const single = Object.entries(properties).filter(([, schema]) => !('properties' in schema));
  return [
    HEAD,
    listing('Sources', 'source', SOURCES),
    listing('Sinks', 'sink', SINKS),
    ...sections.map(([name, schema]) =>
      page(`\`${name}\``, schema.description ?? '', rows(schema.properties, name)),
    ),
    page('At the top level', '', rows(Object.fromEntries(single))),
  ].join('\n');
}

function listing(
  title: string,
  kind: 'source' | 'sink',
  components: readonly { name: string; help: string; sections: Schemas }[],
): string {
  const lines = components.map(({ name, help, sections }) => {
    const links = Object.keys(sections).map((section) => `[\`${section}\`](#${section})`);
    return `- \`${name}\`: ${help}. Section${links.length === 1 ? '' : 's'} ${links.join(', ')}.`;
  });
  return `## ${title}\n\n\`pipeline.${kind}\` names one of them:\n\n${lines.join('\n')}\n`;
}

function page(title: string, about: string, lines: readonly string[]): string {
  const head = ['| setting | type | default | variable | flag | meaning |', '|---|---|---|---|---|---|'];
  return [`## ${title}`, '', ...(about ? [about, ''] : []), ...head, ...lines, ''].join('\n');
}

function rows(properties: Schemas = {}, above?: string): string[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = above === undefined ? key : `${above}.${key}`;
    if (schema.properties) return rows(schema.properties, path);
    const { items, variable, flag, description = '' } = schema;
    const inner = items?.properties ? rows(items.properties, `${path}[]`) : [];
    const cells = [
      code(path),
      typeOf(schema),
      schema.default === undefined ? '' : code(inYaml(schema.default)),
      variable === undefined ? '' : code(variable),
      flag === undefined ? '' : code(`--${flag}`),
      schema.writeOnly ? `${description} **Secret.**` : description,
    ];
    return [`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`, ...inner];
  });
}

function typeOf({ type, enum: values, minimum, maximum, items }: Schema): string {
  if (values) return values.map((value) => code(String(value))).join(', ');
  if (type === 'array') return items?.type === 'string' ? 'list of strings' : 'list';
  if (minimum === undefined) return type ?? '';
  return maximum === undefined ? `${type} ≥ ${minimum}` : `${type} ${minimum} to ${maximum}`;
}

const inYaml = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const code = (text: string): string => `\`${text}\``;
