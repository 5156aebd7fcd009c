/** A turn of the event loop: progress is shown and an interruption heard. Long work in the calling thread takes one now and then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Multiplications between two turns: about 50 ms. A turn itself takes 1 ms. */
const WORK_A_TURN = 4e7;

/** Takes a turn whenever so much work has added up. @returns what is told of work that is about to be done. */
export function createPacer(): (work: number) => Promise<void> {
  let done = 0;
  return async (work) => {
    done += work;
    if (done < WORK_A_TURN) return;
    done = 0;
    await turn();
  };
}
