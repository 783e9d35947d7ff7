import { connect } from 'node:net';
import { ok } from '../checks/result.ts';
import { defineSource } from '../component.ts';
import { SECRET, section, TEXT } from '../config/sections.ts';
import { checkCredentials } from '../server/credentials.ts';
import { type ListenAddress, parseListen } from '../server/listen.ts';
import { t } from '../terminal/messages.ts';
import { SidecarError } from '../util/errors.ts';
import { isLoopback } from '../util/url.ts';

/** The source `http`. */
export const httpSource = defineSource({
  name: 'http',
  help: 'what shippers post over HTTP',
  sections: {
    http: section('The source that shippers post logs to.', {
      listen: {
        ...TEXT,
        default: '127.0.0.1:8787',
        description: 'HOST:PORT. Beyond loopback it takes a token, or user and password.',
        variable: 'HTTP_LISTEN',
      },
      token: {
        ...SECRET,
        description: 'The bearer token that requests must carry.',
        variable: 'HTTP_TOKEN',
      },
      username: {
        ...TEXT,
        description: 'Instead of the token, or beside it: user of basic authentication.',
        variable: 'HTTP_USERNAME',
      },
      password: { ...SECRET, description: 'Its password.', variable: 'HTTP_PASSWORD' },
      body_bytes: {
        type: 'integer',
        minimum: 1024,
        maximum: 268_435_456,
        default: 16_777_216,
        description: 'Maximum size of one body once decompressed; a larger one is answered 413.',
      },
    }),
  },
  configure({ http, limits }) {
    const { listen, token, username, password, body_bytes: bodyBytes } = http;
    const address = parseListen(listen, 'HTTP_LISTEN');
    checkCredentials(http, 'HTTP');
    if (!isLoopback(address.host) && token === undefined && username === undefined)
      throw new SidecarError(
        'config',
        `${listen} is open to other machines: set HTTP_TOKEN, or HTTP_USERNAME and HTTP_PASSWORD, or listen on 127.0.0.1`,
      );
    return {
      address: listen,
      isReadOnce: true,
      isTaken: true,
      create: async (follow) => {
        if (!follow)
          throw new SidecarError(
            'config',
            'the source "http" waits for requests without an end: add --continuous',
          );
        const { HttpSource } = await import('./http.ts');
        const heldBytes = limits.in_flight_bytes;
        return new HttpSource({ address, token, username, password, bodyBytes, heldBytes });
      },
      // Nothing needs to listen while nothing runs.
      probe: async () =>
        (await isTaken(address))
          ? ok('http', t('something takes connections at {listen}, such as a sidecar that runs', { listen }))
          : ok(
              'http',
              t('nothing listens at {listen} now; `run --source http --continuous` will', { listen }),
            ),
    };
  },
});

function isTaken({ host, port }: ListenAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const answer = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
