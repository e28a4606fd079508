/**
 * Tells a listener of the program whose database it is. Of what that throws the program hears as of any error that nobody
 * caught; the database, in the middle of whose work it may be, goes on.
 */
export function tellProgram<Told>(listener: (told: Told) => void, told: Told): void {
  try {
    listener(told);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
