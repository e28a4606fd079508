/** Tells our own segment, of which we do not know whether it was put, from those of others. */
export class PutAttempt {
  #tag: string | undefined;
  through = 0;

  begin(tag: Uint8Array, through: number): void {
    this.#tag = tag.join();
    this.through = through;
  }

  isOf(segment: { readonly tag: Uint8Array }): boolean {
    return segment.tag.join() === this.#tag;
  }
}
