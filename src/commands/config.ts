import type { LoadedConfig } from '../config/load.ts';
import { type Leaf, listLeaves } from '../config/schema.ts';
import { t } from '../terminal/messages.ts';
import { formatTable } from '../terminal/table.ts';
import { isObject } from '../util/json.ts';
import { showPath } from '../util/show-path.ts';
import { sinkFlags, sourceFlags } from './config-flags.ts';
import { defineCommand } from './define.ts';
import { flag } from './options.ts';

/** A setting as it is in force. */
interface ShownSetting {
  /** Dotted: `redis.host`. */
  setting: string;
  /** `null` where nothing is set; of a secret, that there is one. */
  value: unknown;
  /** Where it was written, or `default`. */
  origin: string;
}

const SECRET = '(secret)';
/** Options of plugins have schemas of their own, so what may be a secret is told by its name. */
const LIKE_A_SECRET = /pass|secret|token|key|salt|credential/i;

const showCommand = defineCommand({
  flags: { ...sourceFlags(), ...sinkFlags() },
  options: { set: flag('Only what is not a default') },
  run: async ({ args, load, say, tell }) => {
    const loaded = load();
    const settings = listLeaves()
      .map((leaf) => showSetting(leaf, loaded))
      .filter(({ origin }) => !args.set || origin !== 'default');
    const file = showPath(loaded.file);
    tell({ file, settings });
    const rows = settings.map(({ setting, value, origin }) => [
      setting,
      origin,
      value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    say(formatTable([[t('setting'), t('origin'), t('value')], ...rows]));
    say(
      `\n${t('Flags win over the environment, that over .env, that over {file}, and that over the defaults.', { file })}\n`,
    );
  },
});

/** `config`: what is configured, and where that was written. */
export const command = defineCommand({
  commands: [['show', 'Print each setting with where it comes from; secrets are hidden', showCommand]],
});

function showSetting({ path, schema }: Leaf, { config, origins }: LoadedConfig): ShownSetting {
  const setting = path.join('.');
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], config);
  const origin = value === undefined ? 'default' : (origins.get(setting) ?? 'default');
  const shown = schema.writeOnly && value !== undefined && origin !== 'default' ? SECRET : value;
  return { setting, value: shown === undefined ? null : hideSecrets(shown), origin };
}

function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      LIKE_A_SECRET.test(key) && typeof inner === 'string' ? SECRET : hideSecrets(inner),
    ]),
  );
}
