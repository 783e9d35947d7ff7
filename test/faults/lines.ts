/** A log as it is pushed, and the documents it must become: index without prefix, and what tells it there. */
export interface Line {
  text: string;
  documents: readonly (readonly [index: string, key: string])[];
}

/** Writes logs as the API does. No two calls answer the same line. */
export class Lines {
  readonly #run = Math.random().toString(36).slice(2, 10);
  #n = 0;

  #id(): string {
    return `${this.#run}-${String(this.#n++).padStart(6, '0')}`;
  }

  #text(message: string): string {
    const time = new Date(Date.UTC(2026, 10, 24, 10) + Math.floor(this.#n / 50) * 1000).toISOString();
    return `${time.slice(0, 19).replace('T', ' ')} - api - INFO - ${message}`;
  }

  /** Reaches `ml-api-logs` only. `pad` makes it longer. */
  note(pad = 0): Line {
    const message = `note ${this.#id()} ${'x'.repeat(pad)}`.trim();
    return { text: this.#text(message), documents: [['logs', message]] };
  }

  /** An answered prediction: two documents. */
  call(): Line {
    const id = this.#id();
    const message = `[${id}] API Call - POST /predict - Status: 200 - Time: 1.5ms - Input: {"AGE": 31} - Result: {"prediction": 1}`;
    return {
      text: this.#text(message),
      documents: [
        ['logs', message],
        ['message', id],
      ],
    };
  }

  /** Metrics with two functions: four documents. `metric` is added to them. */
  metrics(metric: Record<string, unknown> = {}): Line {
    const id = this.#id();
    const top_functions = ['predict', 'fit'].map((name) => ({ function: name, file: 'm.py', line: 4 }));
    const performance_metrics = { transaction_id: id, inference_time_ms: 1.5, ...metric, top_functions };
    const message = JSON.stringify({ performance_metrics });
    return {
      text: this.#text(message),
      documents: [
        ['logs', message],
        ['perfs', id],
        ['top-func', `${id} predict`],
        ['top-func', `${id} fit`],
      ],
    };
  }

  /** No timestamp, no level: a line of a traceback. */
  undated(): Line {
    const text = `Traceback ${this.#id()}`;
    return { text, documents: [['logs', text]] };
  }

  /** A mixture of all of them; of every ten one comes as five copies. */
  some(count: number): Line[] {
    const kinds = [() => this.note(), () => this.call(), () => this.metrics(), () => this.undated()];
    const lines: Line[] = [];
    while (lines.length < count) {
      const line = kinds[lines.length % kinds.length]!();
      lines.push(...new Array<Line>(lines.length % 10 === 0 ? 5 : 1).fill(line));
    }
    return lines.slice(0, count);
  }
}
