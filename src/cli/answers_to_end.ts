/** How long a gateway that is taken out waits for answers that it reads: models talk for a while. */
const ANSWERS_MS = 60_000;

/** Resolves when nothing is read any more, when there is no time for that, or after so long. */
export async function answersToEnd(
  reading: { idle(): Promise<void> },
  urged: Promise<void>,
  ms = ANSWERS_MS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([reading.idle(), urged, late]);
  clearTimeout(timer);
}
