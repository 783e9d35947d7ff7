import { writeFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { dashboardsSetting, openDashboards } from '../dashboards/open.ts';
import { importDashboards, inWords, ndjson, savedObjects } from '../kibana/saved-objects.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { COMMON_FLAGS, type Command, configFrom, yargsOptions } from './options.ts';

/** `dashboards`: the data views and dashboards for Kibana. */
export const dashboardsCommand: Command = {
  builder: (yargs) =>
    yargs.command(buildCommand).command(importCommand).demandCommand(1, 'Name one of build, import.'),
  handler: () => {},
};

const buildCommand: CommandModule = {
  command: 'build',
  describe: 'Write the file that Kibana imports (Stack Management, Saved Objects)',
  builder: (yargs) =>
    yargs.options(yargsOptions(COMMON_FLAGS)).option('output', {
      type: 'string',
      requiresArg: true,
      describe: 'The file; by default it is printed',
    }),
  handler: async (args) => {
    const objects = savedObjects(openDashboards(await dashboardsSetting(configFrom(args, COMMON_FLAGS))));
    if (args.output === undefined) return void process.stdout.write(ndjson(objects));
    const path = String(args.output);
    try {
      await writeFile(path, ndjson(objects));
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `${path} can't be written: ${reasonOf(cause)}. Give another file with --output`,
        { cause },
      );
    }
    const count = (type: string): number => objects.filter((object) => object.type === type).length;
    process.stdout.write(`${path}: ${count('index-pattern')} data views, ${count('dashboard')} dashboards\n`);
  },
};

const importCommand: CommandModule = {
  command: 'import',
  describe: 'Put them into the Kibana at KIBANA_URL, over those of an earlier import',
  builder: (yargs) => yargs.options(yargsOptions(COMMON_FLAGS)),
  handler: async (args) => {
    process.stdout.write(inWords(await importDashboards(configFrom(args, COMMON_FLAGS))));
  },
};
