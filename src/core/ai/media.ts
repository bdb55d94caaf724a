import { isList, isObject, type JsonObject, member, textOf } from './fields.ts';

/** Tokens of one picture: above what providers count for the largest that they take without scaling it down. */
export const IMAGE_TOKENS = 5_000;

/** What an object adds that is not text; `skip` is the member whose bytes are the picture's and are not counted as text. */
export interface Media {
  readonly tokens: number;
  readonly is_complete: boolean;
  readonly skip?: string;
}

const ELSEWHERE: Media = { tokens: 0, is_complete: false };
const IMAGE_DATA = /^data:image\/[a-z0-9.+-]{1,64};base64,/;
const BASE64_START = /^[A-Za-z0-9+/_-]{0,64}={0,2}$/;
/** Fields that name input which the provider keeps. */
const STORED = [
  'previous_response_id',
  'conversation',
  'file_id',
  'fileUri',
  'file_uri',
  'fileData',
  'file_data',
  'cachedContent',
  'cached_content',
  'input_audio',
  'container',
];

/** Undefined for objects that hold only text and other objects. */
export function mediaOf(object: JsonObject): Media | undefined {
  if (STORED.some((name) => member(object, name) !== undefined)) return ELSEWHERE;
  return ofUrl(object) ?? ofInline(object) ?? ofSource(object) ?? ofList(object);
}

/** `{type: image_url, image_url: {url}}` and `{type: input_image, image_url}`: only the object that holds the text. */
function ofUrl(object: JsonObject): Media | undefined {
  const isImage = textOf(object, 'type') === 'input_image';
  const name = isImage ? 'image_url' : 'url';
  const url = textOf(object, name);
  if (url === undefined) return undefined;
  if (IMAGE_DATA.test(url)) return picture(name);
  if (isImage || member(object, 'detail') !== undefined) return picture();
  return /^https?:/.test(url) || url.startsWith('data:')
    ? { tokens: IMAGE_TOKENS, is_complete: false }
    : undefined;
}

/** Gemini's `{inlineData: {mimeType, data}}`, in both spellings of the protocol. */
function ofInline(object: JsonObject): Media | undefined {
  const type = textOf(object, 'mimeType') ?? textOf(object, 'mime_type');
  if (type === undefined || !isBase64(textOf(object, 'data'))) return undefined;
  return type.startsWith('image/') ? picture('data') : ELSEWHERE;
}

/** Anthropic's `source`: text stays text. */
function ofSource(object: JsonObject): Media | undefined {
  const type = textOf(object, 'type');
  if (type === 'base64' && isBase64(textOf(object, 'data'))) {
    const media = textOf(object, 'media_type') ?? '';
    return media.startsWith('image/') ? picture('data') : ELSEWHERE;
  }
  return type === 'file' || type === 'input_file' || type === 'document' ? unlessText(object) : undefined;
}

function unlessText(object: JsonObject): Media | undefined {
  const source = member(object, 'source');
  return isObject(source) && ['text', 'content'].includes(textOf(source, 'type') ?? '')
    ? undefined
    : ELSEWHERE;
}

/** Ollama's `images: [base64]`. */
function ofList(object: JsonObject): Media | undefined {
  const images = member(object, 'images');
  if (!isList(images) || !images.every((item) => typeof item === 'string' && isBase64(item)))
    return undefined;
  return { ...picture('images'), tokens: images.length * IMAGE_TOKENS };
}

function picture(skip?: string): Media {
  return { tokens: IMAGE_TOKENS, is_complete: true, ...(skip === undefined ? {} : { skip }) };
}

/** Judged by its beginning: what is no picture there is refused by the provider, or counted by nobody. */
function isBase64(text: string | undefined): boolean {
  return text !== undefined && BASE64_START.test(text.slice(0, 64));
}
