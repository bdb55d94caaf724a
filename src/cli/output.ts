/** Where a command writes; line ends are the caller's. */
export type Write = (text: string | Uint8Array) => void;

export const toStdout: Write = (text) => {
  process.stdout.write(text);
};

export const toStderr: Write = (text) => {
  process.stderr.write(text);
};
