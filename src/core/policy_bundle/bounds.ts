/** Named maxima of signed policy bundles. */

/** Documents and schemas in one bundle. */
export const MEMBERS_MAX = 64;
/** Bytes of the signed body: every member in base64, and a little around them. */
export const BUNDLE_BODY_BYTES_MAX = 24 * 1024 * 1024;
/** Bytes of the whole file: the body in base64 once more, key id and signature. */
export const BUNDLE_FILE_BYTES_MAX = 32 * 1024 * 1024 + 1024;
