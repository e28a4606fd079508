import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from './directory-report.ts';

/** A module logs less at once: what is longer is no line, and is not brought into memory. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;

/** Checks what a database's module has logged: lines of JSON. Their loss is no loss of data, so nothing is damage. */
export async function verifyModuleLogs(dataDirectory: string, path: string, findings: Finding[]): Promise<void> {
  const names = await readdir(join(dataDirectory, path)).catch(() => []);
  for (const name of names.filter((file) => file.endsWith('.log')).toSorted()) {
    const file = `${path}/${name}`;
    try {
      const line = await firstBadLine(join(dataDirectory, file));
      if (line === undefined) continue;
      findings.push(note(file, `line ${line} is no JSON, as the last one is when a server is killed`));
    } catch (error) {
      findings.push({ ...note(file, `it cannot be read: ${(error as Error).message}`), severity: 'warning' });
    }
  }
}

async function firstBadLine(path: string): Promise<number | undefined> {
  await using handle = await open(path, 'r');
  let number = 1;
  let line = '';
  for await (const text of handle.createReadStream({ autoClose: false, encoding: 'utf8' }) as AsyncIterable<string>) {
    const parts = text.split('\n');
    for (const [i, part] of parts.entries()) {
      line += part;
      if (line.length > MAX_LINE_LENGTH) return number;
      if (i === parts.length - 1) break;
      if (line !== '' && !isJson(line)) return number;
      line = '';
      number++;
    }
  }
  return line === '' || isJson(line) ? undefined : number;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function note(path: string, message: string): Finding {
  return { severity: 'note', code: 'MODULE_LOG_UNREADABLE', path, message };
}
