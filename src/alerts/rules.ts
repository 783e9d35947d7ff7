import { relative, resolve } from 'node:path';
import { defaultFile, settingsOfFile, validated } from '../config/load.ts';
import { durationMs } from '../util/duration.ts';
import { reasonOf, SidecarError } from '../util/errors.ts';
import { type Expression, parseExpression } from './expression.ts';

/** One alert of `configs/alerts.yaml`, as it is written there. */
export interface AlertSettings {
  label?: string;
  index: string;
  query?: string;
  window: string;
  min_count: number;
  value: string;
  unit: string;
  warning: number;
  critical: number;
  hysteresis: number;
  action: string;
}

/** An alert, ready to be looked at. */
export interface Rule extends Required<Omit<AlertSettings, 'query'>> {
  /** Its key in the file. */
  name: string;
  query: string | undefined;
  windowMs: number;
  expression: Expression;
}

const text = { type: 'string', minLength: 1 } as const;

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['alerts'],
  properties: {
    alerts: {
      type: 'object',
      minProperties: 1,
      description: 'Alerts by name.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['index', 'value', 'warning', 'critical', 'action'],
        properties: {
          label: { ...text, description: 'What people are told it is called.' },
          index: { ...text, description: 'The index, or alias, whose documents are looked at.' },
          query: { ...text, description: 'A query string: only documents that it matches.' },
          window: {
            type: 'string',
            pattern: '^\\d+[mhdw]$',
            default: '15m',
            description: 'Documents of so long before now: a number and m, h, d or w.',
          },
          min_count: {
            type: 'integer',
            minimum: 1,
            default: 20,
            description: 'With fewer documents nothing is said.',
          },
          value: { ...text, description: 'What is compared: avg(field), count("query"), + - * / …' },
          unit: { type: 'string', default: '', description: 'Of the value.' },
          warning: { type: 'number', description: 'Above it, the state is warning.' },
          critical: { type: 'number', description: 'Above it, the state is critical.' },
          hysteresis: {
            type: 'number',
            minimum: 0,
            maximum: 100,
            default: 10,
            description: 'A state is left only when the value is so many percent below its threshold.',
          },
          action: { ...text, description: 'What to do about it.' },
        },
      },
    },
  },
};

/**
 * Reads the rules of `file`, or of `configs/alerts.yaml` under `cwd`, or of the one that ships. Throws `SidecarError`
 * (`config`) that lists everything wrong with where it was written.
 */
export function loadRules(file: string | undefined, cwd: string = process.cwd()): Rule[] {
  const path = file === undefined ? defaultFile(cwd, 'configs/alerts.yaml', '--alerts') : resolve(cwd, file);
  const { alerts } = validated<{ alerts: Record<string, AlertSettings> }>(SCHEMA, settingsOfFile(path, cwd));
  const shown = relative(cwd, path) || path;
  return Object.entries(alerts).map(([name, settings]) => {
    const wrong = (key: string, why: string): SidecarError =>
      new SidecarError('config', `${shown}: alerts.${name}.${key}: ${why}`);
    const { label = name, query, warning, critical, value, window } = settings;
    if (critical < warning)
      throw wrong('critical', `it must be ${warning} (warning) or more, but is ${critical}`);
    let expression: Expression;
    try {
      expression = parseExpression(value);
    } catch (error) {
      throw wrong('value', `"${value}" can't be read: ${reasonOf(error)}`);
    }
    const windowMs = durationMs(window, `${shown}: alerts.${name}.window`);
    return { ...settings, name, label, query, windowMs, expression };
  });
}
