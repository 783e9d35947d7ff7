/** What an expression asks Elasticsearch, and how its answer becomes a number. */
export interface Expression {
  /** Aggregations of one search. */
  aggs: Record<string, object>;
  /** Whether `psi` must be known: it takes samples of two windows. */
  needsPsi: boolean;
  /** The value; `undefined` where a figure is missing, or a division by zero leaves none. */
  evaluate(answer: SearchAnswer): number | undefined;
}

/** What `evaluate` needs of a search's answer. */
export interface SearchAnswer {
  /** How many documents matched. */
  documents: number;
  aggregations: Record<string, unknown>;
  /** The largest PSI of a feature; `undefined` where none could be judged. */
  psi?: number | undefined;
}

type Evaluate = (answer: SearchAnswer) => number | undefined;

/** The metric aggregations that take a field and answer one number. */
const METRICS = ['avg', 'sum', 'min', 'max'] as const;
const FUNCTIONS = [...METRICS, 'percentile', 'count', 'psi'];

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_@][\w.@]*)|"([^"]*)"|'([^']*)'|([-+*/(),]))/y;

/** From those that bind least. */
const SIGNS: Record<string, (a: number, b: number) => number>[] = [
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];

interface Token {
  kind: 'number' | 'name' | 'text' | 'sign' | 'end';
  text: string;
  at: number;
}

/**
 * Reads an expression over the documents of a window: numbers, `+ - * / ( )`, and
 *
 * - `avg(field)`, `sum(field)`, `min(field)`, `max(field)`;
 * - `percentile(field, 95)`;
 * - `count()`, all documents, and `count("status_code:>=500")`, those that a query string matches;
 * - `psi()`, the largest PSI of a feature against the time before, 0 where chance explains it.
 *
 * Throws an `Error` that says what is wrong, and where.
 */
export function parseExpression(source: string): Expression {
  const parser = new Parser(source);
  const value = parser.expression();
  parser.expect('end', '');
  return {
    aggs: parser.aggs,
    needsPsi: parser.needsPsi,
    evaluate: (answer) => {
      const result = value(answer);
      return result !== undefined && Number.isFinite(result) ? result : undefined;
    },
  };
}

/** By recursive descent: an expression is a sum of products of factors. */
class Parser {
  readonly aggs: Record<string, object> = {};
  needsPsi = false;
  readonly #source: string;
  #token: Token;
  #end = 0;

  constructor(source: string) {
    this.#source = source;
    this.#token = this.#read();
  }

  /** Sums, or what binds more tightly, from `level` of `SIGNS` on. */
  expression(level = 0): Evaluate {
    const signs = SIGNS[level];
    if (signs === undefined) return this.#factor();
    let left = this.expression(level + 1);
    for (;;) {
      const sign = Object.keys(signs).find((each) => this.#take(each));
      if (sign === undefined) return left;
      left = combine(left, this.expression(level + 1), signs[sign]!);
    }
  }

  expect(kind: Token['kind'], text: string): Token {
    const token = this.#token;
    if (token.kind !== kind || (text !== '' && token.text !== text)) {
      const wanted = kind === 'sign' ? `"${text}"` : kind === 'end' ? 'nothing more' : `a ${kind}`;
      const found = token.kind === 'end' ? 'its end' : `"${token.text}"`;
      throw new Error(`${wanted} is expected at column ${token.at + 1}, but there is ${found}`);
    }
    this.#token = this.#read();
    return token;
  }

  #factor(): Evaluate {
    if (this.#take('-'))
      return combine(
        () => -1,
        this.#factor(),
        (a, b) => a * b,
      );
    if (this.#take('(')) {
      const inner = this.expression();
      this.expect('sign', ')');
      return inner;
    }
    if (this.#token.kind === 'number') {
      const number = Number(this.expect('number', '').text);
      return () => number;
    }
    return this.#call();
  }

  #call(): Evaluate {
    const { text: name } = this.expect('name', '');
    if (!FUNCTIONS.includes(name))
      throw new Error(`there is no function "${name}"; there are ${FUNCTIONS.join(', ')}`);
    this.expect('sign', '(');
    const value = name === 'count' ? this.#count() : name === 'psi' ? this.#psi() : this.#metric(name);
    this.expect('sign', ')');
    return value;
  }

  #count(): Evaluate {
    if (this.#token.kind !== 'text') return ({ documents }) => documents;
    const { text: query } = this.expect('text', '');
    return this.#ask({ filter: { query_string: { query } } }, ({ doc_count }) => doc_count);
  }

  #psi(): Evaluate {
    this.needsPsi = true;
    return ({ psi }) => psi;
  }

  #metric(name: string): Evaluate {
    const { text: field } = this.expect('name', '');
    if (name !== 'percentile') return this.#ask({ [name]: { field } }, ({ value }) => value);
    this.expect('sign', ',');
    const percent = Number(this.expect('number', '').text);
    if (percent > 100) throw new Error(`there is no percentile ${percent}`);
    return this.#ask(
      { percentiles: { field, percents: [percent], keyed: false } },
      ({ values }) => values?.[0]?.value,
    );
  }

  #ask(agg: object, read: (answer: AggregationAnswer) => number | null | undefined): Evaluate {
    const name = `value_${Object.keys(this.aggs).length}`;
    this.aggs[name] = agg;
    return ({ aggregations }) => read(aggregations[name] as AggregationAnswer) ?? undefined;
  }

  #take(sign: string): boolean {
    if (this.#token.kind !== 'sign' || this.#token.text !== sign) return false;
    this.#token = this.#read();
    return true;
  }

  #read(): Token {
    const rest = this.#source.slice(this.#end);
    const at = this.#end + rest.length - rest.trimStart().length;
    if (at === this.#source.length) return { kind: 'end', text: '', at };
    TOKEN.lastIndex = this.#end;
    const match = TOKEN.exec(this.#source);
    if (!match) throw new Error(`"${this.#source[at]}" at column ${at + 1} means nothing here`);
    this.#end = TOKEN.lastIndex;
    const [, number, name, double, single, sign] = match;
    if (number !== undefined) return { kind: 'number', text: number, at };
    if (name !== undefined) return { kind: 'name', text: name, at };
    if (sign !== undefined) return { kind: 'sign', text: sign, at };
    return { kind: 'text', text: double ?? single ?? '', at };
  }
}

interface AggregationAnswer {
  value?: number | null;
  doc_count?: number;
  values?: { value: number | null }[];
}

function combine(left: Evaluate, right: Evaluate, join: (a: number, b: number) => number): Evaluate {
  return (answer) => {
    const a = left(answer);
    const b = right(answer);
    return a === undefined || b === undefined ? undefined : join(a, b);
  };
}
