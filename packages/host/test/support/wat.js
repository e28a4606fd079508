import loadWabt from 'wabt';
const wabt = await loadWabt();
/** Everything that V8 accepts and wabt knows. */
export const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  function_references: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  extended_const: true,
  relaxed_simd: true,
};
/** Assembles the text format. */
export function wat(text) {
  const module = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}
/** wabt's own judgement of a module; throws when it is invalid. */
export function validateWithWabt(bytes) {
  const module = wabt.readWasm(bytes, { ...FEATURES, check: true });
  try {
    module.validate();
  } finally {
    module.destroy();
  }
}
/** Disassembles to the flat text format, one instruction a line. */
export function disassemble(bytes) {
  const module = wabt.readWasm(bytes, { ...FEATURES, readDebugNames: false });
  try {
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}
//# sourceMappingURL=wat.js.map
