import { readFileSync } from 'node:fs';

/** Commands of a page, and what they print; undefined if the page does not say. */
export interface DocumentedCommands {
  readonly commands: string;
  readonly output: string | undefined;
}

/** The blocks of `sh` of a page in Markdown, each with the block of `text` that follows it. */
export function documentedCommands(page: string): DocumentedCommands[] {
  const markdown = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const blocks = [...markdown.matchAll(/^```(sh|text)\n(.*?)^```$/gmsu)];
  return blocks.flatMap(([, kind, commands = ''], i) => {
    if (kind !== 'sh') return [];
    const [, nextKind, output] = blocks[i + 1] ?? [];
    return [{ commands, output: nextKind === 'text' ? output : undefined }];
  });
}

/** What prints as a page says, where `…` stands for anything on the same line. */
export function outputPattern(output: string): RegExp {
  const parts = output.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'u');
}
