import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Finding } from './directory-report.ts';

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
  let number = 0;
  for await (const line of createInterface({ input: handle.createReadStream({ autoClose: false }) })) {
    number++;
    if (line !== '' && !isJson(line)) return number;
  }
  return undefined;
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
