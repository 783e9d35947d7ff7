import { t } from '../terminal/messages.ts';
import { type Check, failed, ok, warning } from './result.ts';

/** A data node's disk, in bytes. */
export interface Disk {
  node: string;
  total: number;
  free: number;
}

const SETTING = 'cluster.routing.allocation.disk';
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
  pb: 2 ** 50,
};

/**
 * The disks against Elasticsearch's watermarks, whose settings are flat, defaults included: beyond `low` a node gets
 * no new shards, beyond `high` it gives some away, beyond `flood_stage` no index of it can be written to. A watermark
 * is what may be used (`85%`, `0.85`), with a bound on what must then be free (`max_headroom`); or what must be free
 * (`20gb`).
 * https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/cluster-level-shard-allocation-routing-settings
 */
export function checkDisks(disks: readonly Disk[], settings: Readonly<Record<string, string>>): Check[] {
  const guarded = settings[`${SETTING}.threshold_enabled`] !== 'false';
  return disks.map(({ node, total, free }) => {
    const disk = { node, free: gigabytes(free), total: gigabytes(total) };
    const room = t('Make room: `prune`, delete other indices, or enlarge the disk');
    const below = (level: string): boolean => free < mustBeFree(total, level, settings);
    if (!guarded)
      return ok('disk', t('{node}: {free} of {total} free; watermarks are switched off there', disk));
    if (below('flood_stage'))
      return failed(
        'disk',
        t('{node}: {free} of {total} free, beyond the flood-stage watermark: indices are read-only', disk),
        room,
      );
    if (below('high'))
      return failed(
        'disk',
        t('{node}: {free} of {total} free, beyond the high watermark: shards are moved away', disk),
        room,
      );
    if (below('low'))
      return warning(
        'disk',
        t('{node}: {free} of {total} free, beyond the low watermark: no new index gets a shard there', disk),
        room,
      );
    return ok('disk', t('{node}: {free} of {total} free, within the watermarks', disk));
  });
}

function mustBeFree(total: number, level: string, settings: Readonly<Record<string, string>>): number {
  const watermark = settings[`${SETTING}.watermark.${level}`] ?? '';
  const bytes = bytesOf(watermark);
  if (bytes !== undefined) return bytes;
  const used = watermark.endsWith('%') ? Number(watermark.slice(0, -1)) / 100 : Number(watermark);
  // -1, the default where a watermark is set by hand, is not a bound.
  const headroom = bytesOf(settings[`${SETTING}.watermark.${level}.max_headroom`] ?? '');
  return Math.min(total * (1 - used), headroom ?? Number.POSITIVE_INFINITY);
}

/** `20gb` in bytes; `undefined` for what is not a size. */
function bytesOf(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([kmgtp]?b)$/i.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * (UNITS[unit.toLowerCase()] as number);
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;
