/** Things that arrive one by one, for a reader that takes them in order and may come before or after them. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  #readers: { resolve(item: T): void; reject(reason: Error): void }[] = [];
  #end: Error | undefined;

  put(item: T): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#arrived.push(item);
    else reader.resolve(item);
  }

  /** Nothing comes after what is there. */
  end(reason: string): void {
    const error = new Error(reason);
    this.#end ??= error;
    for (const reader of this.#readers) reader.reject(error);
    this.#readers = [];
  }

  /** The next item. @throws when there is none and none can come */
  take(): Promise<T> {
    const item = this.#arrived.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }
}
