import type { Kibana } from '../kibana/kibana-client.ts';
import { quote, t } from '../terminal/messages.ts';
import { reasonOf } from '../util/errors.ts';
import { type Check, failed, ok } from './result.ts';

/** Kibana: whether it answers, and its own word on its state. */
export async function checkKibana(kibana: Kibana): Promise<Check> {
  const { address } = kibana;
  try {
    const { status, text } = await kibana.status();
    if (status === 401 || status === 403)
      return failed(
        'kibana',
        t('{address} answers {status}', { address, status }),
        t("Kibana takes Elasticsearch's credentials: ELASTICSEARCH_API_KEY, or _USERNAME and _PASSWORD"),
        2,
      );
    const { version, status: state } = JSON.parse(text) as {
      version?: { number?: string };
      // `state` is that of OpenSearch Dashboards, a colour.
      status?: { overall?: { level?: string; state?: string; summary?: string; title?: string } };
    };
    const { level, state: colour, summary, title } = state?.overall ?? {};
    if (level === undefined && colour === undefined) return notKibana(address);
    const name = level === undefined ? 'OpenSearch Dashboards ' : '';
    const server = `${name}${version?.number ?? ''}`;
    const says = `${t('{server} at {address}', { server, address })}: ${level ?? colour}`.trimStart();
    if (level === 'available' || colour === 'green') return ok('kibana', quote(says));
    const action = t('Wait until it has started; else its own log says why');
    return failed('kibana', quote(`${says}: ${summary ?? title ?? ''}`), action);
  } catch (error) {
    if (error instanceof SyntaxError) return notKibana(address);
    const why = reasonOf((error as Error).cause ?? error);
    const says = t('{address} could not be reached: {why}', { address, why });
    return failed('kibana', says, t('Is Kibana running there, and is KIBANA_URL right?'), 3);
  }
}

const notKibana = (address: string): Check =>
  failed('kibana', t('what answers at {address} is not Kibana', { address }), t('Check KIBANA_URL'), 2);
