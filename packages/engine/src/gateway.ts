// What a process needs that has its databases in other threads: nothing here loads the engine.
export { COMPONENT_REFUSAL, DEFAULT_LIMITS, programKind } from '@lightcone/host/program';
export { CLOSE_CODES } from './close-codes.ts';
export { describeComponent } from './inspection/describe-component.ts';
export { DEFAULT_MAX_UNSYNCED_BYTES } from './limits/door.ts';
export { OutboundBatch, readOutboundBatch } from './outbound-batch.ts';
export { DELAY_BOUNDS_SECONDS, newDelayHistogram, observeDelay } from './scheduler/delay-histogram.ts';
export { DEFAULT_SNAPSHOT_POLICY } from './snapshots/snapshot-policy.ts';
