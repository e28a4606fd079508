const CHARACTERS = 256;

/** As how many queries one counts where they are limited: a long one costs what several short ones do. */
export function queryWeight(text: string): number {
  return Math.ceil(text.length / CHARACTERS);
}
