import type { AlgebraicType } from '@lightcone/sats';

/** Size and alignment, in bytes, of a value in the fixed-size part of a row of the reference. */
export interface MemoryLayout {
  readonly size: number;
  readonly alignment: number;
}

/**
 * How the reference lays out a type. Rows here have no such layout, but which enums may grow is
 * defined by it.
 * @param type without refs
 */
export function memoryLayout(type: AlgebraicType): MemoryLayout {
  switch (type.tag) {
    case 'Ref':
      throw new Error('memoryLayout needs a type without references');
    case 'String':
    case 'Array':
      return { size: 4, alignment: 2 };
    case 'Product': {
      let end = 0;
      let alignment = 1;
      for (const element of type.elements) {
        const layout = memoryLayout(element.type);
        end = alignUp(end, layout.alignment) + layout.size;
        alignment = Math.max(alignment, layout.alignment);
      }
      return { size: alignUp(end, alignment), alignment };
    }
    case 'Sum': {
      const payloads = type.variants.map((variant) => memoryLayout(variant.type));
      const alignment = Math.max(1, ...payloads.map((payload) => payload.alignment));
      const payloadSize = Math.max(0, ...payloads.map((payload) => payload.size));
      return { size: alignUp(alignUp(1, alignment) + payloadSize, alignment), alignment };
    }
    case 'Bool':
      return { size: 1, alignment: 1 };
    default: {
      const size = Number(type.tag.slice(1)) / 8;
      return { size, alignment: size };
    }
  }
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
