import { resolve } from 'node:path';
import type { FromSchema, Schema } from '../config/from-schema.ts';
import { withPrefix } from '../config/index-prefix.ts';
import { findFile } from '../config/load.ts';
import { TEXT } from '../config/sections.ts';
import { readYaml } from '../config/settings.ts';
import { validate } from '../config/validate.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { showPath } from '../util/show-path.ts';
import { readDuration } from '../util/time.ts';
import { type Expression, parseExpression } from './expression.ts';

const ALERT = {
  type: 'object',
  additionalProperties: false,
  required: ['index', 'value', 'warning', 'critical', 'action'],
  properties: {
    label: { ...TEXT, description: 'What it is called for people.' },
    index: { ...TEXT, description: 'The index, or alias, whose documents are evaluated.' },
    query: { ...TEXT, description: 'A query string: only documents that match it.' },
    window: {
      type: 'string',
      pattern: '^\\d+[mhdw]$',
      default: '15m',
      description: 'How far back documents count: a number and m, h, d or w.',
    },
    reference: {
      type: 'string',
      pattern: '^\\d+[mhdw]$',
      default: '7d',
      description: 'How long the time before the window is that psi() compares it with.',
    },
    min_count: {
      type: 'integer',
      minimum: 1,
      default: 20,
      description: 'With fewer documents nothing is said.',
    },
    value: { ...TEXT, description: 'What is compared: avg(field), count("query"), psi(), + - * / …' },
    unit: { type: 'string', default: '', description: 'Unit of the value.' },
    warning: { type: 'number', description: 'Above it, the state is warning.' },
    critical: { type: 'number', description: 'Above it, the state is critical.' },
    hysteresis: {
      type: 'number',
      minimum: 0,
      maximum: 100,
      default: 10,
      description: 'A state is left only when the value is this many percent below its threshold.',
    },
    action: { ...TEXT, description: 'What to do about it.' },
  },
} as const satisfies Schema;

/** JSON Schema of `configs/alerts.yaml`. */
export const ALERTS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['alerts'],
  properties: {
    alerts: {
      type: 'object',
      minProperties: 1,
      description: 'Alerts by name.',
      additionalProperties: ALERT,
    },
  },
} as const satisfies Schema;

/** One alert of `configs/alerts.yaml`, as it is written there. */
type AlertSettings = FromSchema<typeof ALERT>;

/** An alert, ready to be evaluated. */
export interface Rule extends Required<Omit<AlertSettings, 'query'>> {
  /** Its key in the file. */
  name: string;
  query: string | undefined;
  windowMs: number;
  referenceMs: number;
  expression: Expression;
}

/**
 * Reads the rules of `alerts.file`, or of `configs/alerts.yaml` under `cwd`, or of the one that ships; what is evaluated
 * follows the configured prefix, as indices do. Throws `SidecarError` (`config`) that lists everything wrong with where it was
 * written.
 */
export function loadRules(
  {
    alerts: { file },
    indices: { prefix },
  }: { alerts: { file?: string | undefined }; indices: { prefix: string } },
  cwd: string = process.cwd(),
): Rule[] {
  const path = file === undefined ? findFile(cwd, 'configs/alerts.yaml', '--alerts') : resolve(cwd, file);
  const { alerts } = validate(ALERTS_SCHEMA, readYaml(path, cwd));
  const shown = showPath(path, cwd);
  return Object.entries(alerts).map(([name, settings]) => {
    const wrong = (key: string, why: string): SidecarError =>
      new SidecarError('config', `${shown}: alerts.${name}.${key}: ${why}`);
    const { label = name, query, warning, critical, value, window, reference } = settings;
    if (critical < warning)
      throw wrong('critical', `it must be ${warning} (warning) or more, but is ${critical}`);
    let expression: Expression;
    try {
      expression = parseExpression(value);
    } catch (error) {
      throw wrong('value', `"${value}" can't be read: ${reasonOf(error)}`);
    }
    const windowMs = readDuration(window, `${shown}: alerts.${name}.window`);
    const referenceMs = readDuration(reference, `${shown}: alerts.${name}.reference`);
    return {
      ...settings,
      index: withPrefix(settings.index, prefix),
      name,
      label,
      query,
      windowMs,
      referenceMs,
      expression,
    };
  });
}
