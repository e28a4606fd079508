const CHARACTERS = 256;

/** How much a query costs each changed row if every one may concern it: a long one is as several short ones. */
export function queryWidth(text: string): number {
  return Math.ceil(text.length / CHARACTERS);
}
