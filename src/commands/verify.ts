import { join } from 'node:path';
import { Journal } from '../buffer/journal.ts';
import { readWaitingIds } from '../buffer/segments.ts';
import type { Config } from '../config/schema.ts';
import { configureComponents, createEntryParser, createPluginChain, nameState } from '../create-pipeline.ts';
import { DeadLetters } from '../dead-letters.ts';
import { type Message, t } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { EXIT, SidecarError } from '../util/errors.ts';
import { makeVisible } from '../util/visible.ts';
import { FATES, type Fate, type Verification, verifyStored } from '../verify.ts';
import { configFlags, sinkFlags, sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { onStop } from './stopping.ts';

const MEANINGS = {
  stored: 'every document is there, once',
  dropped: 'no document is made of it: so plugins and filter want it',
  waiting: 'not read yet, or in the buffer',
  dead_letter: 'could not be stored: `dead-letters list` says why',
  missing: 'read, and not there: `run --from-start` stores it again',
  doubled: 'a document is there more than once: was indices.rotation changed?',
} as const satisfies Record<Fate, Message>;
const SHOWN = 160;

/** `verify`: reads again what the source holds, and tells what became of each log. */
export const command = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags(), ...configFlags('pipeline.limit', 'state') },
  exitCodes: { [EXIT.ok]: 'none is missing, none is doubled', [EXIT.deadLetters]: 'some are' },
  notes:
    'Nothing is written, and it may look while a sidecar runs. It goes by the plugins and the filter of now, and by the state folder of the run. Copies that other pipelines wrote are found by `deduplicate`.',
  run: async ({ load, say, tell }) => {
    const loaded = load();
    const { config } = loaded;
    const { source, sink } = configureComponents(config);
    if (source.isTaken)
      throw new SidecarError(
        'config',
        `${source.address} can't be read again without taking logs away from those who send them: verify knows lists, streams, Spaces and files`,
      );
    if (!sink.lookUp) throw new SidecarError('config', `what ${sink.address} holds can't be looked up`);
    const plugins = await createPluginChain(loaded);
    const parse = createEntryParser(config, plugins.formats);
    const name = nameState(config);
    const journal = new Journal(join(config.state.path, name, 'journal'));
    await journal.open();
    const { confirmed } = journal.progress;
    const reading = await (source.look?.() ?? source.create(false));
    // Before the documents: what is stored meanwhile is found there.
    const waiting = await readWaitingIds(join(config.buffer.path ?? config.state.path, name), confirmed);
    const letters = await readLetterIds(config);
    const lookup = await sink.lookUp(plugins.indices);
    const stop = new AbortController();
    const removeListeners = onStop(() => stop.abort());
    try {
      const evidence = { source: reading, parse, plugins, journal, lookup, waiting, letters };
      const found = await verifyStored(evidence, config.pipeline.limit, stop.signal);
      if (stop.signal.aborted) throw new SidecarError('unreachable', 'stopped before all was looked at');
      tell(found);
      say(formatVerification(found, source.address));
      return found.fates.missing + found.fates.doubled > 0 ? EXIT.deadLetters : EXIT.ok;
    } finally {
      removeListeners();
      await lookup.close();
      await reading.close();
    }
  },
});

/** Events' ids: a document's is its event's, and perhaps a number. */
async function readLetterIds({ dead_letters }: Config): Promise<Set<string>> {
  const ids = new Set<string>();
  const letters = new DeadLetters(dead_letters.path, dead_letters.max_bytes);
  for (const file of await letters.files())
    for await (const { letter } of letters.read(file))
      if (letter?.id !== undefined) ids.add(letter.id.split('.', 1)[0] as string);
  return ids;
}

function formatVerification({ logs, fates, examples }: Verification, address: string): string {
  const rows = FATES.filter((fate) => fates[fate] > 0 || fate === 'missing' || fate === 'doubled').map(
    (fate) => [nameFate(fate), String(fates[fate]), t(MEANINGS[fate])],
  );
  const lines = examples.map(
    ({ fate, id, entry }) => `${nameFate(fate)} ${id}: ${makeVisible(entry.slice(0, SHOWN))}\n`,
  );
  return `${t('{count} logs of {address}', { count: logs, address })}\n${formatTable(rows, [1])}${lines.join('')}`;
}

const nameFate = (fate: Fate): string => t(fate).replace('_', ' ');
