import { MAX_BLOB_BYTES, blobTooLarge } from '../max-blob-bytes.ts';

/**
 * Reads the body of an answer.
 * @param deed for messages
 * @param onPart called when a part of it has come
 * @throws BlobError `BLOB_TOO_LARGE`
 */
export async function readBody(response: Response, deed: string, onPart: () => void): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader(); // not every browser iterates over a body
  for (let step = await reader?.read(); step !== undefined && !step.done; step = await reader?.read()) {
    onPart();
    parts.push(step.value);
    length += step.value.length;
    if (length > MAX_BLOB_BYTES) {
      await reader?.cancel();
      throw blobTooLarge(deed, length);
    }
  }
  const [only] = parts;
  if (parts.length === 1) return only!; // it is there
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
