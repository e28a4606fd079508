import { COMPONENT_REFUSAL, describeComponent } from '@lightcone/engine/gateway';
import type { ComponentReading } from '@lightcone/engine/inspect';
import { startThread } from '../threads/start-thread.ts';

/** Reading takes milliseconds; what takes this long was made to. */
const MAX_READ_MS = 5000;
const MAX_HEAP_MB = 128;

let isReading = false;

/**
 * What the publisher of a component is told: that components do not run here, and what this one is.
 *
 * Strangers' bytes are read in a thread that ends with them, one at a time. A component that takes too long, or comes
 * while another is read, is refused in one sentence.
 */
export async function refuseComponent(program: Uint8Array): Promise<string> {
  if (isReading) return COMPONENT_REFUSAL;
  isReading = true;
  try {
    const reading = await readInThread(program);
    return reading === undefined ? COMPONENT_REFUSAL : `${COMPONENT_REFUSAL}\n\n${describeComponent(reading)}`;
  } finally {
    isReading = false;
  }
}

function readInThread(program: Uint8Array): Promise<ComponentReading | undefined> {
  const worker = startThread('read-component', program, {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    stdout: true,
    stderr: true,
    name: 'component reader',
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => void worker.terminate(), MAX_READ_MS);
    worker.on('message', (reading: ComponentReading) => resolve(reading));
    // A thread that fails or is ended has said nothing: the refusal stands without it.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
