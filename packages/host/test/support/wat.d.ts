/** Everything that V8 accepts and wabt knows. */
export declare const FEATURES: {
  readonly exceptions: true;
  readonly mutable_globals: true;
  readonly sat_float_to_int: true;
  readonly sign_extension: true;
  readonly simd: true;
  readonly threads: true;
  readonly function_references: true;
  readonly multi_value: true;
  readonly tail_call: true;
  readonly bulk_memory: true;
  readonly reference_types: true;
  readonly extended_const: true;
  readonly relaxed_simd: true;
};
/** Assembles the text format. */
export declare function wat(text: string): Uint8Array;
/** wabt's own judgement of a module; throws when it is invalid. */
export declare function validateWithWabt(bytes: Uint8Array): void;
/** Disassembles to the flat text format, one instruction a line. */
export declare function disassemble(bytes: Uint8Array): string;
//# sourceMappingURL=wat.d.ts.map
