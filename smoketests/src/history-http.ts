import {
  type Call,
  type Recorder,
  callArgsJson,
  decodeObserved,
  isProcedure,
  observedInFailure,
  parseRows,
} from '@lightcone/histories';
import { type ServerProcess } from './server-process.ts';
import { request } from './http.ts';

/** A recording client of the module `histories` over HTTP. A server that goes away is not its problem. */
export class HistoryHttp {
  /** Errors that nobody expected. */
  readonly errors: string[] = [];
  readonly #server: ServerProcess;
  readonly #database: string;
  readonly #recorder: Recorder;

  constructor(server: ServerProcess, database: string, recorder: Recorder) {
    this.#server = server;
    this.#database = database;
    this.#recorder = recorder;
  }

  async call(call: Call): Promise<void> {
    const recorder = this.#recorder;
    recorder.begin(call, undefined, true);
    const body = callArgsJson(call);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#answer('POST', `call/${call.function}`, { body, headers });
    if (answer === undefined) return;
    const { transaction, steps, later } = call;
    if (answer.status === 530) recorder.failed(transaction, observedInFailure(answer.text));
    else if (answer.status !== 200) this.errors.push(`${call.function}: ${answer.status} ${answer.text}`);
    else if (!isProcedure(call)) recorder.committed(transaction);
    else {
      const observed = decodeObserved(answer.text);
      recorder.committed(transaction, observed.slice(0, steps.length));
      if (later !== undefined) recorder.committed(transaction + 1, observed.slice(steps.length));
    }
  }

  async readList(key: number): Promise<void> {
    const invokedAt = performance.now();
    const answer = await this.#answer('POST', 'sql', { body: `SELECT * FROM element WHERE key = ${key}` });
    if (answer === undefined) return;
    if (answer.status !== 200) {
      this.errors.push(`SELECT: ${answer.status} ${answer.text}`);
      return;
    }
    const [result] = JSON.parse(answer.text) as { rows: unknown[] }[];
    const elements = parseRows(
      'element',
      (result?.rows ?? []).map((row) => JSON.stringify(row)),
    );
    const sorted = elements.toSorted((left, right) => (left.position < right.position ? -1 : 1));
    const values = sorted.map(({ value }) => Number(value));
    this.#recorder.read([{ kind: 'readList', key: `list ${key}`, values }], 'a query', true, invokedAt);
  }

  async #answer(
    method: string,
    path: string,
    options: Parameters<typeof request>[3],
  ): Promise<{ status: number; text: string } | undefined> {
    try {
      const response = await request(this.#server, method, `/v1/database/${this.#database}/${path}`, options);
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  }
}
