import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const PEM = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/gu;

/**
 * The public keys in a text of one or more PEM blocks (RFC 7468); what is between the blocks does not count.
 * @throws RangeError when there are none, or one is something else
 */
export function readPublicPems(text: string): KeyObject[] {
  const blocks = [...text.matchAll(PEM)];
  if (blocks.length === 0) throw new RangeError('it has no block -----BEGIN PUBLIC KEY-----');
  return blocks.map(([pem, label]) => {
    if (label !== 'PUBLIC KEY') throw new RangeError(`it has a block -----BEGIN ${label}-----`);
    try {
      return createPublicKey(pem);
    } catch (cause) {
      throw new RangeError(`a block is no public key (${(cause as Error).message})`, { cause });
    }
  });
}
