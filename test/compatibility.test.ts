// docs/compatibility.md names tests that exist, and leaves out no message of the protocols.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/compatibility.md');

/** The cells of every row of the tables whose last column names tests. */
const rows = page
  .split(/\n(?=\| )(?<!\|\n)/u) // where a table begins
  .map((text) => text.split('\n').filter((line) => line.startsWith('|')))
  .filter(([head]) => head !== undefined && cellsOf(head).at(-1) === 'test')
  .flatMap((table) => table.slice(2).map(cellsOf));

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/u)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The file of a test as the page writes it, or `undefined` if there is none. */
function fileOf(name: string): string | undefined {
  const [room = '', ...rest] = name.split('/');
  const path = rest.join('/');
  const candidates =
    room === 'smoketests'
      ? [`smoketests/test/${path}.test.ts`]
      : [`packages/${name}.test.ts`, `packages/${room}/vectors/sqllogictest/${path}.slt`];
  return candidates.find((candidate) => existsSync(new URL(candidate, root)));
}

/** A test with its cases, which may be in a folder of its name. */
function textOf(file: string): string {
  const folder = `${file.replace(/\.test\.ts$/u, '')}/`;
  const cases = existsSync(new URL(folder, root)) ? readdirSync(new URL(folder, root)) : [];
  return [file, ...cases.map((name) => folder + name)].map(read).join('\n');
}

/** What of a cell names no test, or one that is not there. */
function problems(cell: string): string[] {
  const found: string[] = [];
  const rest = cell.replaceAll(/`([^`]+)`(?: “([^”]+)”)?/gu, (_, name: string, quoted: string | undefined) => {
    const file = fileOf(name);
    if (file === undefined) found.push(`${name}: no such test`);
    else if (quoted !== undefined && !textOf(file).includes(quoted)) found.push(`${name} has no “${quoted}”`);
    return '';
  });
  if (/[^, ]/u.test(rest) && cell !== 'all others') found.push(`${cell}: what is ${rest}?`);
  return found;
}

test('every test that docs/compatibility.md names is there', () => {
  expect(rows.length).toBeGreaterThan(150);
  expect(rows.flatMap((cells) => problems(cells.at(-1)!))).toEqual([]); // a row has cells
});

/** The text from a headline to the next one of its kind. */
function section(title: string): string {
  const [, text] = page.split(`\n### ${title}\n`);
  return text!.split(/\n##+ /u)[0]!;
}

test.each([
  { title: 'From clients, `v1.json` and `v1.bsatn`', source: 'v1/client-message.ts', type: 'ClientMessage' },
  { title: 'From the server, `v1.json` and `v1.bsatn`', source: 'v1/server-message.ts', type: 'ServerMessage' },
  { title: 'From clients, v2 and v3', source: 'v2/client-message.ts', type: 'ClientMessage' },
  { title: 'From the server, v2 and v3', source: 'v2/server-message.ts', type: 'ServerMessage' },
])('$title has every message', ({ title, source }) => {
  const tags = [...read(`packages/protocol/src/${source}`).matchAll(/\btag: ((?:'\w+'(?: \| )?)+)/gu)]
    .flatMap(([, alternatives]) => alternatives!.split(' | '))
    .map((tag) => tag.replaceAll("'", ''));
  expect(tags.length).toBeGreaterThan(4);
  const text = section(title);
  expect(tags.filter((tag) => !text.includes(`\`${tag}\``))).toEqual([]);
});
