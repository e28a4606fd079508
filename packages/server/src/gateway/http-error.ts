/** An answer that is not the success: its status and its body, text unless `json` is given. */
export class HttpError extends Error {
  readonly status: number;
  /** The body, if it is JSON. */
  readonly json: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, text: string, json?: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(text);
    this.status = status;
    this.json = json === undefined ? undefined : JSON.stringify(json);
    this.headers = headers;
  }
}
