/** `array`, or a copy with room for at least `length` elements, whose size doubles. */
export function grown(array: Int32Array, length: number): Int32Array {
  if (length <= array.length) return array;
  let room = array.length;
  while (room < length) room *= 2;
  const larger = new Int32Array(room);
  larger.set(array);
  return larger;
}
