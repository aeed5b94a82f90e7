/** Calls what a user gave us. Its failure is the user's to hear of, as that of any event listener; ours goes on. */
export function tell<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
