import { writeFile } from 'node:fs/promises';
import { dashboardsSetting, openForKibana } from '../dashboards/open.ts';
import {
  buildSavedObjects,
  describeImported,
  formatNdjson,
  importDashboards,
} from '../kibana/saved-objects.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { defineCommand } from './define.ts';
import { choice, text } from './options.ts';

const buildCommand = defineCommand({
  options: {
    output: text('The file; without it, its content is printed'),
    for: choice(['kibana', 'opensearch'], 'What imports it: Kibana from 8.11 on, or OpenSearch Dashboards'),
  },
  run: async ({ args: { output, for: product }, load, say, tell }) => {
    const objects = buildSavedObjects(await openForKibana(await dashboardsSetting(load())), product);
    if (output === undefined) return void process.stdout.write(formatNdjson(objects));
    try {
      await writeFile(output, formatNdjson(objects));
    } catch (cause) {
      throw new SidecarError(
        'unreachable',
        `${output} can't be written: ${reasonOf(cause)}. Give another file with --output`,
        { cause },
      );
    }
    const count = (type: string): number => objects.filter((object) => object.type === type).length;
    const [dataviews, dashboards] = [count('index-pattern'), count('dashboard')];
    say(
      `${t('{output}: {dataviews} data views, {dashboards} dashboards', { output, dataviews, dashboards })}\n`,
    );
    tell({ output, dataviews, dashboards });
  },
});

const importCommand = defineCommand({
  run: async ({ load, say, tell }) => {
    const imported = await importDashboards(load(), { overwrite: true });
    say(describeImported(imported));
    tell(imported);
  },
});

/** `dashboards`: the data views and dashboards for Kibana. */
export const command = defineCommand({
  commands: [
    ['build', 'Write the file that Kibana imports (Stack Management, Saved Objects)', buildCommand],
    ['import', 'Put them into the Kibana at KIBANA_URL, replacing those of an earlier import', importCommand],
  ],
});
