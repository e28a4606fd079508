import type { Change, ChangeField } from '../../change.ts';
import { MalformedError } from '../wire/byte-reader.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import type { MsgpackWriter } from './msgpack-writer.ts';

/**
 * Writes a change as DimpleDb 0.1.0 does: `[[id, author, table, row, merged], [[field, value], …]]`.
 * `merged` says that the author's own tables have it; readers ignore it.
 */
export function writeChange(out: MsgpackWriter, change: Change): void {
  out.array(2);
  out.array(5);
  out.text(change.id);
  out.text(change.authorId);
  out.text(change.entityType);
  out.text(change.entityId);
  out.bool(true);
  out.array(change.fields.length);
  for (const { name, value } of change.fields) {
    out.array(2);
    out.text(name);
    out.value(value);
  }
}

/** Reads a file of `batches/`: an array of changes. @throws MalformedError */
export function readBatch(bytes: Uint8Array): Change[] {
  const reader = new MsgpackReader(bytes);
  const changes = Array.from({ length: reader.array() }, () => readChange(reader));
  reader.end();
  return changes;
}

/** Reads a file of `changes/`: one change. @throws MalformedError */
export function readChangeFile(bytes: Uint8Array): Change {
  const reader = new MsgpackReader(bytes);
  const change = readChange(reader);
  reader.end();
  return change;
}

function readChange(reader: MsgpackReader): Change {
  let header: Record<HeaderName, string> | undefined;
  let fields: ChangeField[] | undefined;
  readRecord(reader, ['change', 'fields'], (name) => {
    if (name === 'change') header = readHeader(reader);
    else fields = readFields(reader);
  });
  if (header === undefined || fields === undefined) throw new MalformedError('a change has no header or no fields');
  const { id, author_id: authorId, entity_type: entityType, entity_id: entityId } = header;
  return { id, authorId, entityType, entityId, fields };
}

type HeaderName = 'id' | 'author_id' | 'entity_type' | 'entity_id';

function readHeader(reader: MsgpackReader): Record<HeaderName, string> {
  const header = { id: '', author_id: '', entity_type: '', entity_id: '' };
  readRecord(reader, ['id', 'author_id', 'entity_type', 'entity_id', 'merged'], (name) => {
    if (name === 'merged') reader.value();
    else header[name] = reader.text();
  });
  for (const name of ['id', 'author_id', 'entity_type', 'entity_id'] as const) {
    if (header[name] === '') throw new MalformedError(`a change before offset ${reader.at} has no ${name}`);
  }
  return header;
}

/** Sorted by name; of two of one name the first counts, as in the reference. */
function readFields(reader: MsgpackReader): ChangeField[] {
  const byName = new Map<string, ChangeField>();
  for (let left = reader.array(); left > 0; left--) {
    let name: string | undefined;
    let value: ChangeField['value'] = null;
    readRecord(reader, ['field_name', 'field_value'], (part) => {
      if (part === 'field_name') name = reader.text();
      else value = reader.value();
    });
    if (name === undefined) throw new MalformedError(`a field before offset ${reader.at} has no name`);
    if (!byName.has(name)) byName.set(name, { name, value });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A record as an array in the order of `names`, or as a map; what a map has besides is passed over. */
function readRecord<Name extends string>(
  reader: MsgpackReader,
  names: readonly Name[],
  readPart: (name: Name) => void,
): void {
  const at = reader.at;
  const { kind, length } = reader.collection();
  if (kind === 'array') {
    if (length !== names.length) {
      throw new MalformedError(
        `expected ${names.length} values at offset ${at} (${names.join(', ')}), found ${length}`,
      );
    }
    names.forEach(readPart);
    return;
  }
  for (let left = length; left > 0; left--) {
    const key = reader.text();
    const name = names.find((known) => known === key);
    if (name === undefined) reader.value();
    else readPart(name);
  }
}
