/** One event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface ServerSentEvent {
  /** `message` unless it says otherwise. */
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Reads events out of lines. One that is cut off by the end is none. */
export async function* readEvents(lines: AsyncIterable<string>): AsyncGenerator<ServerSentEvent, void> {
  let type = 'message';
  let data: string[] = [];
  let id: string | undefined;
  for await (const line of lines) {
    if (line === '') {
      if (data.length > 0) yield { type, data: data.join('\n'), id };
      type = 'message';
      data = [];
      continue;
    }
    // A line that begins with a colon is a comment: its field has no name.
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}
