import { dataViewId } from './saved-objects.ts';

/**
 * The address in Discover of the documents of an index pattern that a KQL query matches, from `from` to `to` (ms since 1970),
 * over the data view that `dashboards import` makes. `_g` and `_a` are Discover's state in Rison, with the id of the data view as `index`,
 * which Kibana 8 and 9 take for a `dataSource` (`cleanup_url_state.ts`), and OpenSearch Dashboards for its own form (`migrate_state.ts`).
 */
export function createDiscoverLink(
  kibana: string,
  pattern: string,
  kql: string,
  { from, to }: { from: number; to: number },
): string {
  const url = new URL(kibana);
  url.username = url.password = '';
  const base = url.href.replace(/\/+$/, '');
  const [begin, end] = [from, to].map((ms) => quote(new Date(ms).toISOString()));
  const global = `(time:(from:${begin},to:${end}))`;
  const app = `(index:${quote(dataViewId(pattern))},query:(language:kuery,query:${quote(kql)}))`;
  return `${base}/app/discover#/?_g=${encodeURIComponent(global)}&_a=${encodeURIComponent(app)}`;
}

/** A text in Rison: between single quotes, with `!` before `!` and `'`. */
function quote(text: string): string {
  return `'${text.replace(/[!']/g, '!$&')}'`;
}
