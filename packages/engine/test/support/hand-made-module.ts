import { ByteWriter, types, writeType } from '@lightcone/sats';
import { moduleText } from '../../../host/test/support/module-text.ts';
import { wat } from '../../../host/test/support/wat.ts';

/** A procedure without parameters whose type says that it returns a u32. */
export interface HandMadeProcedure {
  readonly name: string;
  readonly isPrivate?: boolean;
  /** Its code; `$sink` takes the result. It leaves the code that it returns. */
  readonly code: string;
}

const PROCEDURES = 4;
const HTTP_HANDLERS = 11;
const HTTP_ROUTES = 12;
const ANY_METHOD = 0;
const DEFINITION_AT = 4096;

/**
 * A module of procedures, and of one HTTP handler at the path `/` whose code may use `$request`, `$body`,
 * `$head` and `$response`. It has what `moduleText` gives, and text at address 512 for the names of the procedures.
 */
export function handMadeModule(
  imports: readonly string[],
  procedures: readonly HandMadeProcedure[],
  handler: string = '(i32.const 0)',
): Uint8Array {
  const definition = describe(procedures);
  const escaped = Array.from(definition, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  const text = moduleText({
    imports,
    describe: `(call $write (local.get $sink) (i32.const ${DEFINITION_AT}) (i32.const ${definition.length}))`,
    definitions: `
      (data (i32.const ${DEFINITION_AT}) "${escaped}")
      (data (i32.const 512) "${procedures.map(({ name }) => name).join('')}")
      (func (export "__call_procedure__")
        (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
        (param $c0 i64) (param $c1 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
        ${procedures.map(({ code }, id) => `(if (i32.eq (local.get $id) (i32.const ${id})) (then (return ${code})))`).join('\n')}
        (unreachable))
      (func (export "__call_http_handler__")
        (param $id i32) (param $time i64) (param $request i32) (param $body i32) (param $head i32) (param $response i32)
        (result i32) ${handler})`,
  });
  return wat(text);
}

/** A `RawModuleDef` of version 10 (file 12 §2 of the specification). */
function describe(procedures: readonly HandMadeProcedure[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(2);
  writer.u32(3);
  writer.u8(PROCEDURES);
  writer.u32(procedures.length);
  for (const { name, isPrivate = false } of procedures) {
    writer.string(name);
    writer.u32(0); // parameters
    writeType(writer, types.u32);
    writer.u8(isPrivate ? 0 : 1);
  }
  writer.u8(HTTP_HANDLERS);
  writer.u32(1);
  writer.string('handle');
  writer.u8(HTTP_ROUTES);
  writer.u32(1);
  writer.string('handle');
  writer.u8(ANY_METHOD);
  writer.string('/');
  return writer.finish();
}
