/** Letters of a word that even rare words pack into one token. */
const LETTERS_PER_TOKEN = 3;
/** Longer runs of letters are hardly words. */
const WORD_MAX = 15;
const BLANKS_PER_TOKEN = 4;

/**
 * Tokens of a text, from above. A run of letters counts a third of its length, a half of what is beyond 15, and all of
 * it without a vowel; each digit, sign and line break is one; four blanks are one; a letter of another script counts
 * one or two. One pass, no table, nothing remembered. How far above: docs/ai.md.
 */
export function textTokens(text: string): number {
  let tokens = 0;
  let start = 0;
  while (start < text.length) {
    const code = text.charCodeAt(start);
    const end = isBlank(code) ? blanksEnd(text, start) : isLetter(code) ? wordEnd(text, start) : start + 1;
    if (isBlank(code)) tokens += Math.floor((end - start) / BLANKS_PER_TOKEN);
    else tokens += isLetter(code) ? ofWord(text, start, end) : ofOther(code);
    start = end;
  }
  return tokens;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isLetter(code: number): boolean {
  return isUpper(code) || (code >= 0x61 && code <= 0x7a);
}

function blanksEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isBlank(text.charCodeAt(end))) end += 1;
  return end;
}

/** A capital behind a small letter begins the next word. */
function wordEnd(text: string, start: number): number {
  let end = start + 1;
  let before = text.charCodeAt(start);
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (!isLetter(code) || (isUpper(code) && !isUpper(before))) break;
    before = code;
  }
  return end;
}

function ofWord(text: string, start: number, end: number): number {
  const length = end - start;
  if (length >= LETTERS_PER_TOKEN && !hasVowel(text, start, end)) return length;
  if (length <= WORD_MAX) return Math.ceil(length / LETTERS_PER_TOKEN);
  return WORD_MAX / LETTERS_PER_TOKEN + Math.ceil((length - WORD_MAX) / 2);
}

function hasVowel(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if ('aeiouyAEIOUY'.includes(text.charAt(i))) return true;
  return false;
}

/** Rare Latin letters and controls are two bytes that hardly any token joins; halves of a pair count two of its four. */
function ofOther(code: number): number {
  if (code < 0x80 || (code >= 0xa0 && code < 0x100) || (code >= 0x370 && code < 0x800)) return 1;
  return 2;
}
