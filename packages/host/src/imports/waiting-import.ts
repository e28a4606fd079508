import { ByteWriter } from '@lightcone/sats';
import { suspending } from '../promise-integration.ts';
import { OP } from '../wasm/instructions.ts';
import { SECTION } from '../wasm/module-shape.ts';
import { MODULE_HEADER, writeSection } from '../wasm/write-section.ts';
import type { ImportFunction } from './import-functions.ts';

const VALUE_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e };
const FUNCTION_TYPE = 0x60;
const FUNCTION = 0;

const modulesBySignature = new Map<string, WebAssembly.Module>();

/**
 * Makes an import that suspends the guest only when `run` answers a promise.
 *
 * V8 suspends at a suspending import even when it answers something else, and then the guest would lose its turn, and
 * an open transaction with it. So the guest gets a function of WebAssembly that asks first:
 *
 *     (func (param i64) (result i64)
 *       (if (result i64) (call $begin (local.get 0))   ;; runs it, answers whether there is a promise
 *         (then (call $wait))                          ;; suspends until it is settled
 *         (else (call $result))))
 *
 * @param signature of the import, of i32 and i64 with one result
 */
export function waitingImport(signature: string, run: ImportFunction): unknown {
  let result: ReturnType<ImportFunction>;
  const begin = (...args: never[]): number => {
    result = run(...args);
    return result instanceof Promise ? 1 : 0;
  };
  const wait = suspending(() => result as Promise<unknown>); // `begin` has seen that it is one
  const host = { begin, wait, result: () => result };
  let module = modulesBySignature.get(signature);
  if (module === undefined) {
    module = compile(signature);
    modulesBySignature.set(signature, module);
  }
  return new WebAssembly.Instance(module, { host } as unknown as WebAssembly.Imports).exports['run'];
}

function compile(signature: string): WebAssembly.Module {
  const types = signature.match(/i32|i64/g)!.map((name) => VALUE_TYPES[name]!); // a signature of ours
  const result = types.pop()!;
  const params = [types.length, ...types];
  const out = new ByteWriter();
  out.raw(MODULE_HEADER);
  const begin = [FUNCTION_TYPE, ...params, 1, VALUE_TYPES['i32']!];
  const wait = [FUNCTION_TYPE, 0, 1, result];
  const waiting = [FUNCTION_TYPE, ...params, 1, result];
  writeSection(out, SECTION.type, [3, ...begin, ...wait, ...waiting]);
  const imported = (name: string, type: number): number[] => [...text('host'), ...text(name), FUNCTION, type];
  writeSection(out, SECTION.import, [3, ...imported('begin', 0), ...imported('wait', 1), ...imported('result', 1)]);
  writeSection(out, SECTION.function, [1, 2]);
  writeSection(out, SECTION.export, [1, ...text('run'), FUNCTION, 3]);
  const pushed = types.flatMap((_, i) => [OP.localGet, i]);
  const choice = [OP.call, 0, OP.if, result, OP.call, 1, OP.else, OP.call, 2, OP.end];
  const body = [0, ...pushed, ...choice, OP.end]; // 0 locals
  writeSection(out, SECTION.code, [1, body.length, ...body]);
  return new WebAssembly.Module(out.finish() as BufferSource);
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [bytes.length, ...bytes];
}
