import { SidecarError } from '../util/errors.ts';
import { isObject } from '../util/json.ts';
import { parseValue } from './environment.ts';
import { listLeaves } from './schema.ts';
import type { Setting } from './settings.ts';

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g;

/**
 * Puts variables of the environment where a YAML file says `${NAME}`, also within a text, or in the options of a plugin. Throws
 * `SidecarError` (`config`), which names the place, for a variable that is not set.
 */
export function expandVariables(settings: readonly Setting[], env: NodeJS.ProcessEnv): Setting[] {
  return settings.map((setting) => {
    const expanded = expandValue(setting.value, setting.origin, env);
    if (expanded === setting.value || typeof expanded !== 'string') return { ...setting, value: expanded };
    const dotted = setting.path.join('.');
    const leaf = listLeaves().find(({ path }) => path.join('.') === dotted);
    return { ...setting, value: parseValue(expanded, leaf?.schema.type) };
  });
}

function expandValue(value: unknown, origin: string, env: NodeJS.ProcessEnv): unknown {
  if (Array.isArray(value)) return value.map((item) => expandValue(item, origin, env));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, expandValue(inner, origin, env)]),
    );
  if (typeof value !== 'string') return value;
  return value.replace(REFERENCE, (reference, name: string) => {
    const found = env[name];
    if (found !== undefined) return found;
    throw new SidecarError(
      'config',
      `${origin}: ${reference} is not set: set ${name} in the environment or in .env, or write the value here`,
    );
  });
}
