/** A table the way psql draws it: ` a | b `, a rule below the head, cells to the left. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map(widthOf);
  for (const row of rows) {
    for (let column = 0; column < widths.length; column++) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(row[column] ?? ''));
    }
  }
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => ` ${cell}${' '.repeat((widths[column] ?? 0) - widthOf(cell))} `).join('|');
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+');
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Characters, rather than UTF-16 units. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
