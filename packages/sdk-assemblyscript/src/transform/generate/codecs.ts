import {
  type DeclaredType,
  type Field,
  fixedSize,
  type ProductDeclaration,
  type SumDeclaration,
  typeCode,
  type ValueType,
} from '../value-type.ts';

/**
 * Writes the functions that turn values into BSATN and back, one pair for each type that needs one, as they are asked
 * for. The compiler leaves out those that nothing calls.
 */
export class Codecs {
  readonly #names = new Map<string, string>();
  readonly #functions: string[] = [];

  get source(): string {
    return this.#functions.join('\n');
  }

  code(type: ValueType): string {
    return typeCode(type, (declared) => declared.code);
  }

  /** A statement that writes the value of an expression. */
  write(expression: string, type: ValueType): string {
    switch (type.kind) {
      case 'string':
        return `writeString(${expression});`;
      case 'bytes':
        return `writeBytes(${expression});`;
      case 'unit':
        return '';
      default: {
        const size = fixedSize(type);
        if (size !== undefined) return put(`room(${size})`, expression, type, 0);
        return `write_${this.#name(type)}(${expression});`;
      }
    }
  }

  /** An expression whose value is the next one in the reader. */
  read(type: ValueType): string {
    switch (type.kind) {
      case 'string':
        return 'readString()';
      case 'bytes':
        return 'readBytes()';
      case 'unit':
        return 'Unit.value';
      default: {
        const size = fixedSize(type);
        if (size !== undefined) return get(`take(${size})`, type, 0);
        return `read_${this.#name(type)}()`;
      }
    }
  }

  #name(type: ValueType): string {
    const code = this.code(type);
    const known = this.#names.get(code);
    if (known !== undefined) return known;
    const name = `${this.#names.size}_${code.replace(/\W+/g, '_')}`;
    // Before its body, which may need it again.
    this.#names.set(code, name);
    this.#functions.push(
      `export function write_${name}(v: ${code}): void {\n${this.#writeBody(type)}\n}
export function read_${name}(): ${code} {\n${this.#readBody(type)}\n}`,
    );
    return name;
  }

  #writeBody(type: ValueType): string {
    switch (type.kind) {
      case 'array':
        if (isPlainScalar(type.element)) return `writeScalars<${this.code(type.element)}>(v);`;
        return `const n = v.length; writeLength(n);
for (let i = 0; i < n; i++) { const e = unchecked(v[i]); ${this.write('e', type.element)} }`;
      case 'option':
        if (type.isNullable)
          return `if (v === null) { writeTag(1); return; } writeTag(0); ${this.write('v', type.some)}`;
        return `if (v.isNone) { writeTag(1); return; } writeTag(0); const s = v.value; ${this.write('s', type.some)}`;
      case 'result':
        return `if (v.isOk) { writeTag(0); const o = v.value; ${this.write('o', type.ok)} }
else { writeTag(1); const e = v.error; ${this.write('e', type.err)} }`;
      case 'named':
        if (type.declared.kind === 'product') return this.#writeFields(type.declared);
        if (type.declared.kind === 'sum') return this.#writeVariants(type.declared);
        break;
      default:
    }
    throw new Error(`the type ${type.kind} has no codec of its own`);
  }

  #readBody(type: ValueType): string {
    switch (type.kind) {
      case 'array': {
        const element = this.code(type.element);
        if (isPlainScalar(type.element)) return `return readScalars<${element}>();`;
        return `const n = readCount(${leastSize(type.element, new Set())});
const v = new Array<${element}>(); for (let i = 0; i < n; i++) v.push(${this.read(type.element)}); return v;`;
      }
      case 'option': {
        const code = this.code(type.some);
        const some = this.read(type.some);
        const [isSome, isNone] = type.isNullable
          ? [some, 'null']
          : [`Option.some<${code}>(${some})`, `Option.none<${code}>()`];
        return `const t = readTag(); if (t == 1) return ${isNone}; if (t != 0) unknownTag(t, "an option"); return ${isSome};`;
      }
      case 'result': {
        const codes = `${this.code(type.ok)}, ${this.code(type.err)}`;
        return `const t = readTag(); if (t == 1) return Result.err<${codes}>(${this.read(type.err)});
if (t != 0) unknownTag(t, "a result"); return Result.ok<${codes}>(${this.read(type.ok)});`;
      }
      case 'named':
        if (type.declared.kind === 'product') return this.#readFields(type.declared);
        if (type.declared.kind === 'sum') return this.#readVariants(type.declared);
        break;
      default:
    }
    throw new Error(`the type ${type.kind} has no codec of its own`);
  }

  /** Neighbours of fixed size share one look at the buffer. */
  #writeFields({ fields }: ProductDeclaration): string {
    return runsOf(fields)
      .map((run, at) => {
        if (run.size === undefined) return this.write(`v.${run.fields[0]?.property}`, (run.fields[0] as Field).type);
        const stores = withOffsets(run.fields).map(([field, offset]) =>
          put(`p${at}`, `v.${field.property}`, field.type, offset),
        );
        return `const p${at} = room(${run.size}); ${stores.join(' ')}`;
      })
      .join('\n');
  }

  #readFields({ code, fields }: ProductDeclaration): string {
    const lines = runsOf(fields).map((run, at) => {
      if (run.size === undefined) return `v.${run.fields[0]?.property} = ${this.read((run.fields[0] as Field).type)};`;
      const loads = withOffsets(run.fields).map(
        ([field, offset]) => `v.${field.property} = ${get(`p${at}`, field.type, offset)};`,
      );
      return `const p${at} = take(${run.size}); ${loads.join(' ')}`;
    });
    return `const v = ${blank(code)};\n${lines.join('\n')}\nreturn v;`;
  }

  #writeVariants({ name, variants }: SumDeclaration): string {
    const cases = variants.map(({ code, payload }, tag) => {
      const write = payload === undefined ? '' : this.write(`changetype<${code}>(v).${payload.property}`, payload.type);
      return `if (v instanceof ${code}) { writeTag(${tag}); ${write} }`;
    });
    return `${cases.join('\nelse ')}\nelse panic("a value of the type ${name} must be of one of its variants");`;
  }

  #readVariants({ name, code, variants }: SumDeclaration): string {
    const cases = variants.map((variant, tag) => {
      const read = variant.payload && `v.${variant.payload.property} = ${this.read(variant.payload.type)};`;
      return `case ${tag}: { const v = ${blank(variant.code)}; ${read ?? ''} return v; }`;
    });
    return `const t = readTag(); switch (t) {\n${cases.join('\n')}\n}
unknownTag(t, "${name}"); return changetype<${code}>(0);`;
  }
}

/** An object of which every field is set next; constructors, if the module has any, are for the module's own use. */
function blank(code: string): string {
  return `changetype<${code}>(__new(offsetof<${code}>(), idof<${code}>()))`;
}

/** A scalar whose array is BSATN in memory. */
function isPlainScalar(type: ValueType): boolean {
  return type.kind === 'scalar';
}

function put(at: string, expression: string, type: ValueType, offset: number): string {
  switch (type.kind) {
    case 'scalar':
      // `bool` is a byte in memory, too.
      return `store<${type.name}>(${at}, ${expression}, ${offset});`;
    case 'fixed':
      return `${expression}.put(${at} + ${offset});`;
    default:
      return `store<u8>(${at}, <u8>${expression}, ${offset});`;
  }
}

function get(at: string, type: ValueType, offset: number): string {
  switch (type.kind) {
    case 'scalar':
      return type.name === 'bool' ? `load<u8>(${at}, ${offset}) != 0` : `load<${type.name}>(${at}, ${offset})`;
    case 'fixed':
      return `${type.name}.at(${at} + ${offset})`;
    case 'named':
      return `<${type.declared.code}>load<u8>(${at}, ${offset})`;
    default:
      throw new Error(`the type ${type.kind} has no fixed size`);
  }
}

interface Run {
  readonly fields: Field[];
  /** In bytes; undefined for one field without a fixed size. */
  size: number | undefined;
}

function runsOf(fields: readonly Field[]): Run[] {
  const runs: Run[] = [];
  for (const field of fields) {
    const size = fixedSize(field.type);
    const last = runs.at(-1);
    if (size !== undefined && last?.size !== undefined) {
      last.fields.push(field);
      last.size += size;
    } else runs.push({ fields: [field], size });
  }
  return runs;
}

function withOffsets(fields: readonly Field[]): [Field, number][] {
  let offset = 0;
  return fields.map((field) => {
    const at = offset;
    offset += fixedSize(field.type) ?? 0;
    return [field, at];
  });
}

/** The size in bytes of its shortest BSATN. */
function leastSize(type: ValueType, within: ReadonlySet<DeclaredType>): number {
  const size = fixedSize(type);
  if (size !== undefined) return size;
  switch (type.kind) {
    case 'string':
    case 'bytes':
    case 'array':
      return 4;
    case 'option':
    case 'result':
      return 1;
    case 'named': {
      const { declared } = type;
      if (declared.kind !== 'product') return 1;
      if (within.has(declared)) return 0;
      const inner = new Set([...within, declared]);
      return declared.fields.reduce((sum, field) => sum + leastSize(field.type, inner), 0);
    }
    default:
      return 0;
  }
}
