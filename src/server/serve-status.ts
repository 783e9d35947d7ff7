import { ServedAlerts } from '../alerts/page-section.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Assembly } from '../create-pipeline.ts';
import { dashboardsSetting } from '../dashboards/open.ts';
import { ServedDashboards } from '../dashboards/serve-dashboards.ts';
import { groupByReason } from '../letter.ts';
import type { Observer } from '../stages.ts';
import type { ListenAddress } from './listen.ts';
import { Metrics } from './metrics.ts';
import { Rates } from './rates.ts';
import { renderStatusPage, type Status } from './status-page.ts';
import { readiness, startServer } from './status-server.ts';

/** How much of the dead letters' end the status page looks at, and how many reasons it shows. */
const LETTERS_BYTES = 4 << 20;
const MAX_REASONS = 20;

/** What serves the status of a run, and must be told of it. */
export interface ServedStatus {
  observers: Partial<Observer>[];
  close(): Promise<void>;
}

/** Serves the status of a run, whose stages are those of `assembly` by then, at an address, see `startServer`. */
export async function startStatus(
  address: ListenAddress,
  loaded: LoadedConfig,
  assembly: () => Assembly,
): Promise<ServedStatus> {
  const { config } = loaded;
  const { source, sink } = config.pipeline;
  // Files have no alerts: they are searches of Elasticsearch.
  const alerts = sink === 'directory' ? undefined : new ServedAlerts(config);
  const { plugins } = assembly().stages;
  const metrics = new Metrics(
    plugins.indices.map(({ name }) => name),
    {
      plugins: [...plugins.indexNames.keys()],
      buffer: () => assembly().stages.buffer.state,
      ...(alerts && { alerts }),
    },
  );
  const rates = new Rates();
  const began = performance.now();
  const dashboards = new ServedDashboards(await dashboardsSetting(loaded));
  const status = async (isKnown: boolean): Promise<Status> => {
    const { stages, sourceAddress, sinkAddress } = assembly();
    const { letters, more } = await stages.deadLetters.newest(LETTERS_BYTES);
    const told = readiness(metrics);
    return {
      ready: told.ready,
      source: `${source}: ${sourceAddress}`,
      sink: `${sink}: ${sinkAddress}`,
      servers: told.servers,
      rates: { minute: rates.perSecond(60_000), fiveMinutes: rates.perSecond(300_000) },
      stats: metrics.stats,
      inFlight: metrics.inFlight,
      pauseMs: metrics.pauseMs,
      newestLogSecondsAgo: told.newest_log_seconds_ago,
      lastCommitSecondsAgo: told.last_commit_seconds_ago,
      uptimeSeconds: (performance.now() - began) / 1000,
      alerts: await alerts?.state(),
      waiting: stages.buffer.state,
      deadLetters: {
        count: letters.length,
        more,
        // A reason may quote what a caller sent.
        groups: groupByReason(letters)
          .slice(0, MAX_REASONS)
          .map((group) =>
            isKnown ? group : { ...group, reason: 'shown on this machine, or with credentials' },
          ),
      },
    };
  };
  const server = await startServer(address, config.access, {
    metrics,
    status: async (isKnown) => renderStatusPage(await status(isKnown)),
    dashboards: (parameters) => dashboards.page(parameters),
  });
  return { observers: [metrics, rates], close: server.close };
}
