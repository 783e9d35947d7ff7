import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { COMPILER_OPTIONS } from '../checks/check-types.ts';
import { readShipped } from '../config/load.ts';
import { SINKS, SOURCES } from '../registry.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { defineCommand } from './define.ts';
import { flag, oneOf } from './options.ts';
import { writeModuleMarks, writeSkeleton } from './plugins.ts';

const PLUGIN = 'ml-api-errors';
const names = (components: typeof SOURCES | typeof SINKS) => components.map(({ name }) => name);

const ENVIRONMENT = `# Addresses and secrets; variables of the environment win over these. docs/configuration.md has all of them.
# REDIS_URL=redis://:PASSWORD@localhost:6379/0
# REDIS_LOGS_KEY=api_logs
# GRADIO_URL=https://owner-name.hf.space
# ELASTICSEARCH_URL=http://localhost:9200
# ELASTICSEARCH_API_KEY=
`;

const TSCONFIG = { compilerOptions: COMPILER_OPTIONS, include: ['plugins'] };

/** `init`: the files that a project of one's own begins with; what is there already is left alone. */
export const command = defineCommand({
  options: {
    yes: flag("Don't ask: Redis to Elasticsearch, unless --source or --sink say otherwise"),
    source: oneOf(names(SOURCES), 'Where logs come from'),
    sink: oneOf(names(SINKS), 'Where documents go'),
  },
  examples: [['init --yes --source file', 'the files for a project that reads a file']],
  run: async ({ args, json, say, tell }) => {
    const isAsked = !args.yes && (args.source === undefined || args.sink === undefined);
    if (isAsked && (json || !process.stdin.isTTY))
      throw new SidecarError('config', 'there is nobody to ask: give --source and --sink, or --yes');
    const source =
      args.source ?? (isAsked ? await ask(t('Where do logs come from?'), names(SOURCES)) : 'redis');
    const sink =
      args.sink ?? (isAsked ? await ask(t('Where do documents go?'), names(SINKS)) : 'elasticsearch');
    const files: Record<string, string> = {
      'configs/pipeline.yaml': configuration(source, sink),
      'configs/pipeline.schema.json': readShipped('configs/pipeline.schema.json'),
      '.env': ENVIRONMENT,
      'tsconfig.json': `${JSON.stringify(TSCONFIG, undefined, 2)}\n`,
      ...writeSkeleton('plugin', PLUGIN),
      ...writeModuleMarks(),
    };
    const kept = Object.keys(files).filter((file) => existsSync(file));
    const written = Object.keys(files).filter((file) => !kept.includes(file));
    for (const file of written) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, files[file] as string, { mode: file === '.env' ? 0o600 : 0o644 });
    }
    tell({ source, sink, written, kept });
    for (const file of written) say(`${t('Wrote {file}', { file })}\n`);
    for (const file of kept) say(`${t('{file} is there already, and stays as it is', { file })}\n`);
    say(`${t('Next: ml-log-sidecar validate, then check, then run --dry-run')}\n`);
  },
});

/** The configuration that ships, with these ends, and the first plugin switched on. */
function configuration(source: string, sink: string): string {
  return readShipped('configs/pipeline.yaml')
    .replace(/^ {2}# source: redis( *)/m, `  source: ${source}$1`)
    .replace(/^ {2}# sink: elasticsearch( *)/m, `  sink: ${sink}$1`)
    .replace(/^ {2}- use: ml-api-top-func\n/m, (line) => `${line}  - use: ../plugins/${PLUGIN}.ts\n`);
}

async function ask<const C extends string>(question: string, choices: readonly C[]): Promise<C> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (;;) {
      const answer = (await terminal.question(`${question} (${choices.join(', ')}) [${choices[0]}] `)).trim();
      const choice = answer === '' ? choices[0] : choices.find((each) => each === answer);
      if (choice !== undefined) return choice;
    }
  } finally {
    terminal.close();
  }
}
