import { join } from 'node:path';
import { installed, root, type Service, type StartOptions, start } from './service.ts';

/**
 * Starts a Gradio app that serves a Redis list, newest first, as the Space does: API name `logs_api`, parameters
 * `limit` and `offset`.
 */
export async function startGradio(
  options: StartOptions & { redisUrl: string; key: string },
): Promise<Service> {
  const { redisUrl, key, ...where } = options;
  const python = installed('python', 'TEST_GRADIO_PYTHON');
  return start({
    ...where,
    name: 'gradio',
    url: (port) => `http://127.0.0.1:${port}`,
    command: () => [python, join(root, 'test/services/gradio_app.py')],
    env: (port, dataDir) => ({
      ...process.env,
      REDIS_URL: redisUrl,
      REDIS_LOGS_KEY: key,
      PORT: `${port}`,
      GRADIO_TEMP_DIR: dataDir,
      GRADIO_ANALYTICS_ENABLED: 'False',
      HF_HUB_OFFLINE: '1',
      NO_PROXY: '127.0.0.1,localhost',
      PYTHONUNBUFFERED: '1',
    }),
    timeoutMs: 90_000,
    ready: gradioVersion,
  });
}

/** Rejects while the app does not offer `logs_api`. */
async function gradioVersion(url: string): Promise<string> {
  const get = async (path: string) => (await fetch(url + path, { signal: AbortSignal.timeout(5000) })).json();
  const { named_endpoints } = (await get('/gradio_api/info')) as { named_endpoints: Record<string, unknown> };
  if (!named_endpoints['/logs_api']) throw new Error('no logs_api');
  return ((await get('/config')) as { version: string }).version;
}
