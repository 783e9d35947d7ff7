import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { dashboardsSetting, openChartSource } from '../dashboards/open.ts';
import { createPageLook, renderDashboards } from '../dashboards/page.ts';
import { drawAll, queryAll } from '../dashboards/pictures.ts';
import { LIGHT } from '../dashboards/theme.ts';
import { t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { importOptional } from '../util/optional-package.ts';
import { formatTime } from '../util/time.ts';
import { configFlags, sinkFlags } from './config-flags.ts';
import { type CommandContext, defineCommand } from './define.ts';
import { choice, text, time, withDefault } from './options.ts';

const OPTIONS = {
  from: time(
    'Start of the time shown, such as 24h, 2026-11-24 or 2026-11-24T19:00Z; by default the first document',
  ),
  to: time('Its end; by default the last document'),
  output: withDefault(
    'report.html',
    text('A file that ends in .html, or a folder, which gets a picture of each chart'),
  ),
  format: choice(['svg', 'png'], 'Format of the pictures in a folder'),
} as const;

/** How pictures are drawn that stand alone. */
const FILES = { theme: LIGHT, width: 640, isTitled: true };

const SINK = configFlags('pipeline.sink').sink!;

/** `report`: the dashboards as one HTML file, or as SVG or PNG files, without Kibana. */
export const command = defineCommand({
  flags: {
    ...sinkFlags(),
    sink: {
      ...SINK,
      help: {
        ...SINK.help,
        describe: 'Where documents went: "directory" into files, any other into Elasticsearch',
      },
    },
  },
  options: OPTIONS,
  examples: [
    ['report', 'what is in Elasticsearch'],
    ['report --sink directory --out ./data', 'what `run --sink directory --out ./data` has written'],
    ['report --from 7d --output charts --format png', 'PNG files of the last week'],
  ],
  run: report,
});

async function report({ args, load, say, tell }: CommandContext<typeof OPTIONS>): Promise<void> {
  const { output, from, to, format } = args;
  const asPage = extname(output) === '.html';
  if (!asPage && extname(output) !== '') {
    throw new SidecarError(
      'config',
      `--output: give a file that ends in .html, or a folder for pictures, not ${output}`,
    );
  }
  const setting = await dashboardsSetting(load());
  const source = await openChartSource(setting);
  try {
    const answers = await queryAll(source, setting, { from, to });
    const { range } = answers;
    const look = asPage ? createPageLook(setting.config) : FILES;
    const dashboards = await drawAll(answers, look);
    const all = dashboards.flatMap(({ pictures }) => pictures);
    if (asPage) {
      const page = { ...answers, dashboards, source: source.name, standalone: true };
      await writeReport(output, renderDashboards(page).html);
    } else {
      const contentOf = format === 'png' ? await loadPng() : String;
      for (const { id, drawn } of all)
        if ('svg' in drawn) await writeReport(join(output, `${id}.${format}`), contentOf(drawn.svg));
    }
    const empty = all.filter(({ drawn }) => 'why' in drawn).length;
    const facts = {
      ...{ output, charts: all.length - empty, empty, source: source.name },
      ...{ from: formatTime(range.from), to: formatTime(range.to) },
    };
    say(
      `${
        empty > 0
          ? t('{output}: {charts} charts, and {empty} without data, from {from} to {to}, in {source}', facts)
          : t('{output}: {charts} charts, from {from} to {to}, in {source}', facts)
      }\n`,
    );
    const [first, last] = [range.from, range.to].map((ms) => new Date(ms).toISOString());
    tell({
      output,
      charts: all.length - empty,
      without_data: empty,
      from: first,
      to: last,
      source: source.name,
    });
  } finally {
    await source.close();
  }
}

async function loadPng(): Promise<(svg: string) => Uint8Array> {
  const { renderPng } = await importOptional(
    () => import('../dashboards/png.ts'),
    'PNG pictures are drawn by resvg, which is not installed',
    '@resvg/resvg-js@2',
  );
  return renderPng;
}

async function writeReport(path: string, content: string | Uint8Array): Promise<void> {
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
