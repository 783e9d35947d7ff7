import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { ArgumentsCamelCase } from 'yargs';
import { configFlags } from '../config/flags.ts';
import { dashboardsSetting, openChartSource, openDashboards } from '../dashboards/open.ts';
import { dashboardsPage } from '../dashboards/page.ts';
import { answered, drawn, rangeOf } from '../dashboards/pictures.ts';
import { BY_PAGE, LIGHT } from '../dashboards/theme.ts';
import { checkRange, readTime, shown } from '../dashboards/time-range.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { COMMON_FLAGS, type Command, configFrom, SINK_FLAGS, yargsOptions } from './options.ts';

const FLAGS = {
  ...SINK_FLAGS,
  sink: {
    ...configFlags('pipeline.sink').sink!,
    describe: 'Where documents went: "directory" into files, any other into Elasticsearch',
  },
  ...COMMON_FLAGS,
};

/** `report`: the dashboards as one HTML file, or as SVG or PNG files, without Kibana. */
export const reportCommand: Command = {
  builder: (yargs) =>
    yargs
      .options(yargsOptions(FLAGS))
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe:
          'Start of the time shown: 2026-11-24, 2026-11-24T19:00Z, now-24h; by default the first document',
      })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: 'Its end; by default the last document',
      })
      .option('output', {
        type: 'string',
        requiresArg: true,
        default: 'report.html',
        describe: 'A file that ends in .html, or a folder, which gets a picture of each chart',
      })
      .option('format', {
        choices: ['svg', 'png'] as const,
        default: 'svg' as const,
        requiresArg: true,
        describe: 'Of the pictures in a folder',
      })
      .example('$0 report', 'what is in Elasticsearch')
      .example(
        '$0 report --sink directory --out ./data',
        'what `run --sink directory --out ./data` has written',
      )
      .example('$0 report --from now-7d --output charts --format png', 'PNG files of the last week'),
  handler: report,
};

async function report(args: ArgumentsCamelCase): Promise<void> {
  const output = String(args.output);
  const asPage = extname(output) === '.html';
  if (!asPage && extname(output) !== '') {
    throw new SidecarError(
      'config',
      `--output: give a file that ends in .html, or a folder for pictures, not ${output}`,
    );
  }
  const now = Date.now();
  const bound = (flag: 'from' | 'to'): number | undefined =>
    args[flag] === undefined ? undefined : readTime(String(args[flag]), `--${flag}`, now);
  const wanted = { from: bound('from'), to: bound('to') };
  const setting = await dashboardsSetting(configFrom(args, FLAGS));
  const dashboards = openDashboards(setting);
  const source = await openChartSource(setting);
  try {
    const range = checkRange(await rangeOf(source, dashboards, wanted));
    const pictures = await drawn(await answered(source, dashboards, range), asPage ? BY_PAGE : LIGHT);
    if (asPage) {
      const { html } = dashboardsPage({
        dashboards: pictures,
        range,
        source: source.name,
        standalone: true,
      });
      await write(output, html);
    } else {
      const contentOf = args.format === 'png' ? (await import('../dashboards/png.ts')).pngOf : String;
      for (const { id, svg } of pictures.flatMap(({ pictures }) => pictures))
        if (svg !== '') await write(join(output, `${id}.${args.format}`), contentOf(svg));
    }
    const all = pictures.flatMap(({ pictures }) => pictures);
    const empty = all.filter(({ svg }) => svg === '').length;
    const what = `${all.length - empty} charts${empty > 0 ? `, and ${empty} without data` : ''}`;
    process.stdout.write(
      `${output}: ${what}, from ${shown(range.from)} to ${shown(range.to)}, in ${source.name}\n`,
    );
  } finally {
    await source.close();
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // It shows what callers sent.
    await writeFile(path, content, { mode: 0o600 });
    await chmod(path, 0o600);
  } catch (cause) {
    throw new SidecarError(
      'unreachable',
      `${path} can't be written: ${reasonOf(cause)}. Give another place with --output`,
      { cause },
    );
  }
}
