/**
 * Dawn under Node asks its device whether something has finished in every turn of the event loop for as long as a promise is open, by
 * setImmediate: one core is busy with nothing but asking. Here it asks so for a short while, then once a millisecond.
 */

/** Turns of one wait in which it asks without a pause: about a millisecond. */
const EAGER_TURNS = 100;
const PAUSE_MS = 1;

type Callback = (...words: unknown[]) => void;

let installed = false;

/** Puts a setImmediate in place that pauses between Dawn's questions; every other caller's goes through as it was. */
export function waitWithoutSpinning(): void {
  if (installed) return;
  installed = true;
  const immediate = globalThis.setImmediate;
  let turns = 0;
  let asking = false;
  const patient = (callback: Callback, ...words: unknown[]): unknown => {
    if (!isNative(callback)) return immediate(callback, ...words);
    // Asked from within an answer it is the same wait.
    turns = asking ? turns + 1 : 0;
    const ask: Callback = (...given) => {
      asking = true;
      try {
        callback(...given);
      } finally {
        asking = false;
      }
    };
    return turns < EAGER_TURNS ? immediate(ask, ...words) : setTimeout(ask, PAUSE_MS, ...words);
  };
  globalThis.setImmediate = Object.assign(patient, immediate) as typeof setImmediate;
}

/** Dawn's callbacks are made in C++ and have no name; a program's own have a text. */
function isNative(callback: Callback): boolean {
  return callback.name === "" && Function.prototype.toString.call(callback).includes("[native code]");
}
