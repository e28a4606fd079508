/** What a field of type `T` holds while it has no value. */
export function nothing<T>(): T {
  if (isReference<T>()) return changetype<T>(0);
  return <T>0;
}
