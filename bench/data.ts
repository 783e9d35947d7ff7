/** The shape of the lines: as the API's Python logger prints them, or as JSON entries. */
export type Shape = 'text' | 'json';

const FEATURES = [
  'AGE',
  'GENDER',
  'SMOKING',
  'ALCOHOL CONSUMING',
  'PEER_PRESSURE',
  'YELLOW_FINGERS',
  'ANXIETY',
  'FATIGUE',
  'ALLERGY',
  'WHEEZING',
  'COUGHING',
  'SHORTNESS OF BREATH',
  'SWALLOWING DIFFICULTY',
  'CHRONIC DISEASE',
  'CHEST PAIN',
];
const FUNCTIONS = [
  ['predict', 'model_pool.py', 40],
  ['predict', 'pipeline.py', 601],
  ['predict_proba', 'sklearn.py', 1761],
  ['predict', 'sklearn.py', 1219],
] as const;
const FIRST = Date.UTC(2026, 10, 24, 8);
/** This many lines share a second, as on a busy API. */
const PER_SECOND = 100;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Log lines without an end, oldest first: the metrics of a call with four functions, then the call, a prediction; so two
 * lines make eight documents. The same for the same seed. `kinds`: of inputs, which differ in the name of one field.
 */
export function* logLines(shape: Shape, seed = 1, kinds = 1): Generator<string> {
  const random = seeded(seed);
  const ms = (most: number): number => Math.round(random() * most * 100) / 100;
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  for (let n = 0; ; n += 2) {
    const time = new Date(FIRST + Math.floor(n / PER_SECOND) * 1000).toISOString();
    const id = `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`;
    const latency = ms(60);
    const metrics = {
      inference_time_ms: latency,
      cpu_time_ms: ms(60),
      memory_mb: ms(300),
      memory_delta_mb: ms(3),
      function_calls: Math.floor(random() * 40_000),
      latency_ms: latency,
      top_functions: FUNCTIONS.map(([name, file, line]) => ({
        function: name,
        file,
        line,
        cumulative_time_ms: ms(26),
        total_time_ms: ms(1),
        calls: 1 + Math.floor(random() * 3),
      })),
      transaction_id: id,
    };
    const kind = (n / 2) % kinds;
    const input = Object.fromEntries(
      FEATURES.map((name, at) => [
        kind > 0 && at === kind % FEATURES.length ? `${name}_${kind}` : name,
        name === 'AGE' ? 20 + Math.floor(random() * 60) : Math.floor(random() * 2),
      ]),
    );
    const probability = Math.round(random() * 1e4) / 1e4;
    const prediction = probability > 0.5 ? 1 : 0;
    const result = { prediction, probability, message: prediction ? 'YES' : 'NO' };
    if (shape === 'text') {
      const head = `${time.slice(0, 10)} ${time.slice(11, 19)} - api - INFO - `;
      const call = `[${id}] API Call - POST /predict - Status: 200 - Time: ${latency}ms`;
      yield `${head}${python({ performance_metrics: metrics })}`;
      yield `${head}${call} - Input: ${python(input)} - Result: ${python(result)}`;
    } else {
      const timestamp = `${time.slice(0, 19)}.${String(n % 1_000_000).padStart(6, '0')}`;
      const data = { transaction_id: id, input_data: input, result, performance_metrics: metrics };
      const message = `[${id}] POST /predict - 200 - ${latency}ms - input - result`;
      yield python({ timestamp, level: 'INFO', message, data });
      yield python({ timestamp, level: 'INFO', message: `[${id}] answered`, data: { transaction_id: id } });
    }
  }
}

/** JSON as Python's `json.dumps` writes it. */
function python(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  const members = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${python(each)}`);
  return `{${members.join(', ')}}`;
}
