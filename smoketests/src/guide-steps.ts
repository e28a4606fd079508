/** What a page has its readers do, in their order. */
export type GuideStep =
  | { readonly kind: 'run'; readonly commands: string; readonly output: string | undefined }
  /** Goes on while the rest of the page is followed; its lines come in this order, among others. */
  | { readonly kind: 'background'; readonly commands: string; readonly lines: string }
  /** More lines of the command that went to the background last. */
  | { readonly kind: 'expect'; readonly lines: string }
  | { readonly kind: 'write' | 'append'; readonly path: string; readonly content: string };

/** The steps of a page in Markdown. */
export function stepsOf(markdown: string): GuideStep[] {
  const blocks = [...markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gmsu)].map(([, info = '', content = '']) => ({
    info,
    content,
  }));
  return blocks.flatMap(({ info, content }, i): GuideStep[] => {
    const next = blocks[i + 1];
    const output = next?.info === 'text' ? next.content : undefined;
    const [, action, path] = /\b(write|append)=(\S+)$/u.exec(info) ?? [];
    if (path !== undefined) return [{ kind: action as 'write' | 'append', path, content }];
    if (info === 'sh') return [{ kind: 'run', commands: content, output }];
    if (info === 'sh background') return [{ kind: 'background', commands: content, lines: output ?? '' }];
    return info === 'text of background' ? [{ kind: 'expect', lines: content }] : [];
  });
}
