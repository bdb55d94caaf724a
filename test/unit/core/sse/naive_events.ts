/** The rules of the standard word by word, over the whole stream at once: a judge that shares nothing with the reader. */
export function naiveEvents(input: Uint8Array) {
  const text = new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(input)
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n');
  const lines = text.split('\n');
  const rest = lines.pop();
  const events: { type: string; data: string; id: string; isLossy: boolean }[] = [];
  let [data, type, id, retry] = ['', '', '', undefined as number | undefined];
  let [isOpen, isLossy] = [false, false];
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), id, isLossy });
      [data, type, isOpen, isLossy] = ['', '', false, false];
      continue;
    }
    if (line.startsWith(':')) continue;
    isOpen = true;
    // Streams of these tests hold no U+FFFD of their own.
    if (line.includes('\ufffd')) isLossy = true;
    const [, name = '', value = ''] = /^([^:]*)(?::(?: )?([\s\S]*))?$/.exec(line) ?? [];
    if (name === 'data') data += `${value}\n`;
    if (name === 'event') type = value;
    if (name === 'id' && !value.includes('\0')) id = value;
    if (name === 'retry' && /^[0-9]{1,9}$/.test(value)) retry = Number(value);
  }
  return { events, retry, isOpen: isOpen || rest !== '' };
}
