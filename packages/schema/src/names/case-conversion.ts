/**
 * Case conversion of names as the reference does it (the default word boundaries of the Rust crate
 * convert_case 0.6). Clients use the converted names, so every character counts.
 *
 * Words end at `_`, `-` and space, which vanish, and between lower and upper case, letter and digit
 * (both ways), and before the last capital of a run that a lower-case letter follows: `HTTPRequest`
 * is HTTP, Request. A letter here is a grapheme, and has a case only if it can change it.
 */
type Kind = 'upper' | 'lower' | 'digit' | 'delimiter' | 'other';

let segmenter: Intl.Segmenter | undefined;

/** The graphemes of a name. The first segmenter of a process takes 2 MB, and few names need one. */
function graphemesOf(text: string): string[] {
  if (/^[\x20-\x7e]*$/u.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function kindOf(grapheme: string): Kind {
  if (grapheme === '_' || grapheme === '-' || grapheme === ' ') return 'delimiter';
  if (grapheme >= '0' && grapheme <= '9' && grapheme.length === 1) return 'digit';
  const upper = grapheme.toUpperCase();
  const lower = grapheme.toLowerCase();
  if (upper === lower) return 'other';
  return grapheme === upper ? 'upper' : grapheme === lower ? 'lower' : 'other';
}

function isWordEnd(before: Kind, after: Kind, second: Kind | undefined): boolean {
  switch (after) {
    case 'upper':
      return before === 'lower' || before === 'digit' || (before === 'upper' && second === 'lower');
    case 'lower':
      return before === 'digit';
    case 'digit':
      return before === 'upper' || before === 'lower';
    default:
      return false;
  }
}

function words(name: string): string[] {
  const letters = graphemesOf(name);
  const kinds = letters.map(kindOf);
  const found: string[] = [];
  let word = '';
  for (const [i, letter] of letters.entries()) {
    const kind = kinds[i]!; // one kind per letter
    const isDelimiter = kind === 'delimiter';
    const before = kinds[i - 1];
    if (isDelimiter || (before !== undefined && isWordEnd(before, kind, kinds[i + 1]))) {
      if (word !== '') found.push(word);
      word = '';
    }
    if (!isDelimiter) word += letter;
  }
  if (word !== '') found.push(word);
  return found;
}

function capitalize(word: string): string {
  const [initial = ''] = graphemesOf(word);
  return initial.toUpperCase() + word.slice(initial.length).toLowerCase();
}

/** `HTTPRequest2` to `http_request_2`. */
export function toSnakeCase(name: string): string {
  return words(name)
    .map((word) => word.toLowerCase())
    .join('_');
}

/** `RedApple` to `redApple`. */
export function toCamelCase(name: string): string {
  return words(name)
    .map((word, position) => (position === 0 ? word.toLowerCase() : capitalize(word)))
    .join('');
}

/** `my_type` to `MyType`. */
export function toPascalCase(name: string): string {
  return words(name).map(capitalize).join('');
}
