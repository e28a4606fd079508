import { stat } from 'node:fs/promises';
import { pino } from 'pino';
import { loadKeyPair } from '../auth/keys.ts';
import type { Finding } from './directory-report.ts';

/**
 * Checks the key pair that signs tokens. A start makes what is missing of it, unless that is the private key alone.
 * @param paths of the two files, as a server would be given them
 */
export async function verifyKeys(
  { privatePath, publicPath }: { readonly privatePath: string; readonly publicPath: string },
  findings: Finding[],
): Promise<void> {
  const privateMode = await modeOf(privatePath);
  const publicMode = await modeOf(publicPath);
  // Reading a pair makes a public key that is missing, and nothing is changed here.
  if (publicMode === undefined) return;
  try {
    await loadKeyPair(privatePath, publicPath, pino({ level: 'silent' }));
  } catch (error) {
    const message = `tokens cannot be signed or checked with them: ${(error as Error).message}`;
    findings.push({ severity: 'damage', code: 'KEYS_UNUSABLE', path: privatePath, message });
  }
  if (privateMode === undefined || process.platform === 'win32' || (privateMode & 0o077) === 0) return;
  const message = `its mode is ${privateMode.toString(8)}: others on this machine may read it and sign tokens; use chmod 600`;
  findings.push({ severity: 'warning', code: 'KEYS_EXPOSED', path: privatePath, message });
}

async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
}
