/**
 * How deep types may nest, and values of recursive types (one level per reference followed).
 * It keeps hostile input from exhausting the stack.
 */
export const MAX_DEPTH = 256;

/**
 * How many elements an array may have whose elements take no bytes.
 * Without a bound four bytes could claim four billion of them, and a nested array could do so many times.
 */
export const MAX_ZERO_SIZE_ELEMENTS = 256;

/** How many nodes a type may have once its references are replaced by what they point to. */
export const MAX_TYPE_NODES = 8192;

/** A variant's tag is one byte. */
export const MAX_VARIANTS = 256;
