import type { Rule } from '../alerts/rules.ts';
import { t } from '../terminal/messages.ts';
import { isObject, type Json, type JsonObject } from '../util/json.ts';
import { type Chart, FEATURES } from './definitions.ts';

/** What charts take from the configuration and the index. */
export interface Vocabulary {
  /** Inputs of the model that are numbers, the most important first. */
  features: readonly string[];
  /** From a prediction to its name. */
  classes: Readonly<Record<string, string>>;
  /** Alerts, whose thresholds are drawn. */
  rules: readonly Rule[];
}

/**
 * Fills in what a chart's file leaves open. In `spec`, a member `%features%` becomes one for each feature, `f0`, `f1` …,
 * in which `%field%` is the feature's field; the list `%features%` becomes those names; in a text, `%names%` becomes the
 * features' names, and `%classes%` the names of predictions, as JSON. An `alert` becomes lines at its thresholds.
 */
export function completeChart(chart: Chart, { features, classes, rules }: Vocabulary): Chart {
  const texts: Record<string, string> = {
    '%names%': JSON.stringify(features),
    '%classes%': JSON.stringify(classes),
  };
  const fill = (value: Json): Json => {
    if (typeof value === 'string') return value.replace(/%(?:names|classes)%/g, (name) => texts[name]!);
    if (Array.isArray(value)) return value.map(fill);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
        if (inner === FEATURES) return [[key, features.map((_, n) => `f${n}`)]];
        if (key !== FEATURES) return [[key, fill(inner)]];
        return features.map((name, n) => [
          `f${n}`,
          JSON.parse(JSON.stringify(inner), (_, text) => (text === '%field%' ? `input_data.${name}` : text)),
        ]);
      }),
    );
  };
  const spec = fill(chart.spec as JsonObject) as Chart['spec'];
  const rule = rules.find(({ name }) => name === chart.alert);
  return { ...chart, spec: rule ? withThresholds(spec, rule) : spec };
}

/** Lines at the thresholds of an alert: that of `critical` only where values are above `warning`. */
function withThresholds(spec: Chart['spec'], { warning, critical, unit }: Rule): Chart['spec'] {
  const { mark, encoding, ...rest } = spec;
  const { tooltip, ...channels } = encoding;
  const { field, title } = (channels as unknown as { y: { field: string; title: string } }).y;
  // Their words stand side by side, where they can't lie over each other.
  const sides = { warning: 'width', critical: 'width / 2' };
  const drawn = Object.entries({ warning, critical }).map(([level, at]) => {
    const transform = [
      { aggregate: [{ op: 'max', field, as: 'most' }] },
      { filter: `isValid(datum.most) && (datum.most > ${warning} || ${at} <= ${warning})` },
      { calculate: `${at}`, as: 'at' },
    ];
    const shared = { y: { field: 'at', type: 'quantitative', title }, tooltip: null };
    const x = { value: { expr: sides[level as keyof typeof sides] } };
    const text = { value: `${t(level as 'warning')} > ${at} ${unit}`.trim() };
    return {
      line: { transform, mark: { type: 'rule', style: level }, encoding: shared },
      words: {
        transform,
        mark: { type: 'text', style: [level, 'threshold'], align: 'right' },
        encoding: { ...shared, x, text },
      },
    };
  });
  const lines = [...drawn.map(({ line }) => line), ...drawn.map(({ words }) => words)];
  const layer = [{ mark, encoding: channels }, ...lines];
  return { ...rest, encoding: { tooltip }, layer } as unknown as Chart['spec'];
}
