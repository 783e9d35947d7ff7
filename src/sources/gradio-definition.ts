import { failed, failure } from '../checks/result.ts';
import { type Contents, defineSource, NEWEST, OLDEST } from '../component.ts';
import { HTTP_URL, SECRET, section, TEXT } from '../config/sections.ts';
import { quote, t } from '../terminal/messages.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { patienceMs } from '../util/retry.ts';
import { parseUrl } from '../util/url.ts';
import type { GradioClient } from './gradio-client.ts';

/** A remote Space, which others use too, is asked no more often than this. */
const GENTLE_MS = 2_000;
const EXAMPLE = 'https://owner-name.hf.space';

/** The source `gradio`. */
export const gradioSource = defineSource({
  name: 'gradio',
  help: 'a Gradio Space that shows the logs',
  sections: {
    gradio: section('The Gradio Space that shows the logs.', {
      url: {
        ...HTTP_URL,
        description: `The Space's own address, such as ${EXAMPLE}.`,
        variable: 'GRADIO_URL',
      },
      token: {
        ...SECRET,
        description: 'A Hugging Face token that may read a private Space.',
        variable: 'HF_TOKEN',
      },
      api_name: {
        ...TEXT,
        description: 'The API name of the logs, such as /logs_api; detected by default.',
      },
      endpoint: {
        ...TEXT,
        pattern: '^/',
        description:
          'The path of a plain JSON endpoint, such as /api/logs; detected by default. Wins over api_name.',
      },
      timeout: {
        type: 'number',
        minimum: 1,
        maximum: 600,
        default: 30,
        description: 'How long one answer may take, in seconds.',
      },
    }),
  },
  configure({ gradio, pipeline }) {
    const { url, token, api_name: apiName, endpoint, timeout } = gradio;
    if (url === undefined)
      throw new SidecarError(
        'config',
        `the source "gradio" needs the address of a Space: set GRADIO_URL, such as ${EXAMPLE}`,
      );
    const address = parseUrl(url, 'GRADIO_URL', EXAMPLE).origin;
    const space = { url, token, apiName, endpoint, timeoutMs: timeout * 1000 };
    return {
      address,
      create: async (follow) => {
        const { GradioSource } = await import('./gradio.ts');
        return new GradioSource({
          ...space,
          intervalMs: Math.max(GENTLE_MS, pipeline.poll_interval * 1000),
          shortestMs: GENTLE_MS,
          patienceMs: patienceMs(follow),
        });
      },
      probe: async () => {
        const { GradioClient } = await import('./gradio-client.ts');
        const { GradioError } = await import('./gradio-errors.ts');
        const client = new GradioClient(space);
        try {
          return await readSpace(client);
        } catch (error) {
          if (!(error instanceof GradioError))
            return failure('gradio', error, t("Look at the Space's own logs"));
          const says = t('the Space at {address} could not be read: {why}', {
            address,
            why: reasonOf(error),
          });
          return failed('gradio', says, quote(error.hint), 3);
        } finally {
          await client.close();
        }
      },
    };
  },
});

async function readSpace(client: GradioClient): Promise<Contents> {
  const { signal } = new AbortController();
  const { total, logs } = await client.page(NEWEST, 0, signal);
  const hasMore = total > logs.length;
  const isPaged = hasMore && logs.length > 0 && (await client.paged(signal));
  const last = isPaged ? await client.page(OLDEST, Math.max(0, total - OLDEST), signal) : { logs };
  const note =
    hasMore && !isPaged
      ? t('read through {form}, which shows the newest only', { form: client.form })
      : t('read through {form}', { form: client.form });
  return { count: total, unit: 'log', newest: logs, oldest: last.logs.slice(-OLDEST).reverse(), note };
}
