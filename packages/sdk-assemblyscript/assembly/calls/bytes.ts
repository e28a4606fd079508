import { bytes_sink_write, bytes_source_read } from '../abi/spacetime_10.0';
import { bytes_source_remaining_length } from '../abi/spacetime_10.1';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { readFrom } from '../bsatn/reader';
import { written, writtenLength } from '../bsatn/writer';

// Arguments are read once, before user code runs, so one buffer is enough.
let input: usize = 0;
let inputCapacity: usize = 0;

/** Reads all of a bytes source and sets the reader to it; 0 is the source of nothing. */
export function readSource(source: u32): void {
  if (source == 0) return readFrom(out, 0);
  const length = sourceLength(source);
  if (length > inputCapacity) {
    if (input != 0) heap.free(input);
    inputCapacity = max<usize>(length, 1024);
    input = heap.alloc(inputCapacity);
  }
  readInto(source, input, length);
  readFrom(input, length);
}

export function sourceLength(source: u32): usize {
  mustSucceed(bytes_source_remaining_length(source, out), 'a bytes source');
  return load<u32>(out);
}

export function readInto(source: u32, at: usize, length: usize): void {
  let done: usize = 0;
  while (done < length) {
    store<u32>(out, <u32>(length - done));
    const status = bytes_source_read(source, at + done, out);
    if (status > 0) mustSucceed(status, 'a bytes source');
    done += load<u32>(out);
    if (status < 0) return;
  }
}

/** A source that the host opened for the module, as bytes of their own; 0 is the source of nothing. */
export function sourceBytes(source: u32): Uint8Array {
  if (source == 0) return new Uint8Array(0);
  const length = sourceLength(source);
  const bytes = new Uint8Array(<i32>length);
  if (length > 0) readInto(source, bytes.dataStart, length);
  return bytes;
}

export function writeToSink(sink: u32, at: usize, length: usize): void {
  let done: usize = 0;
  while (done < length) {
    store<u32>(out, <u32>(length - done));
    mustSucceed(bytes_sink_write(sink, at + done, out), 'a bytes sink');
    done += load<u32>(out);
  }
}

/** Sends what the writer holds. */
export function writeWritten(sink: u32): void {
  writeToSink(sink, written(), writtenLength());
}

export function writeTextToSink(sink: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  writeToSink(sink, changetype<usize>(bytes), bytes.byteLength);
}
