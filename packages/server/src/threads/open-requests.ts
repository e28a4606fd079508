/** What a thread was asked and has not answered yet. */
export class OpenRequests {
  readonly #byId = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 0;

  /**
   * Opens a request; the first one has the id 0.
   * @param send sends it to the thread, which answers with what `Answer` says
   * @returns the answer; rejects with what the request is failed with
   */
  open<Answer>(send: (id: number) => void): Promise<Answer> {
    const id = this.#nextId++;
    const request = Promise.withResolvers<unknown>();
    send(id);
    this.#byId.set(id, request);
    return request.promise as Promise<Answer>;
  }

  answer(id: number, answer: unknown): void {
    this.#close(id)?.resolve(answer);
  }

  fail(id: number, error: Error): void {
    this.#close(id)?.reject(error);
  }

  /** The thread answers nothing any more. */
  failAll(error: Error): void {
    for (const id of this.#byId.keys()) this.fail(id, error);
  }

  #close(id: number): PromiseWithResolvers<unknown> | undefined {
    const request = this.#byId.get(id);
    this.#byId.delete(id);
    return request;
  }
}
