/** Named maxima of policy documents. Lists inside a document have theirs in `policies/policy.schema.json`. */

/** Characters of JSON text: 20,000 generous rules. */
export const SOURCE_CHARS_MAX = 16 * 1024 * 1024;
/** Characters of YAML text, which takes microseconds a character to parse. */
export const YAML_CHARS_MAX = 2 * 1024 * 1024;
/** Nesting of lists and mappings; the deepest member of the schema sits at 6. */
export const SOURCE_DEPTH_MAX = 16;
/** Keys of one mapping. The YAML library compares every key with every other, so a wide mapping costs its square. */
export const MAPPING_KEYS_MAX = 64;
/** Mistakes that are reported before the rest is only counted. */
export const PROBLEMS_MAX = 50;
/** Host patterns in the whole document. */
export const HOSTS_MAX = 200_000;
/** Characters of one host pattern as written. */
export const HOST_CHARS_MAX = 512;
/** Files among which the parents of a document are looked for. */
export const LIBRARY_FILES_MAX = 1_000;
/** Documents that one document inherits in all, over all levels. */
export const ANCESTORS_MAX = 32;
/** Levels of inheritance above a document. */
export const INHERITANCE_LEVELS_MAX = 8;
/** Rules of a document and its ancestors together. */
export const SET_RULES_MAX = 50_000;
/** Pairs of rules that lint compares before it gives up and says so. */
export const LINT_PAIRS_MAX = 200_000;
/** Limits looked at, group by group, before those that are left are taken to meet in one request. */
export const CROWD_STEPS_MAX = 2_000_000;
/** Bytes of a request body that are held and read, at most. */
export const BODY_BYTES_MAX = 16_777_216;
/** Of a rule with a contract that does not say how many. */
export const BODY_BYTES_DEFAULT = 1_048_576;
/** Of an answer, where the rule does not say how many. */
export const ANSWER_BYTES_DEFAULT = 16_777_216;
/** Of an answer that is only read for its usage. */
export const ANSWER_BYTES_READ = 1_073_741_824;
/** Pointers and names of tools in the demands of one answer, as receipts hold them. */
export const POLICY_POINTERS_MAX = 16;
export const POLICY_TOOLS_MAX = 32;
/** Characters of one schema in canonical form. */
export const SCHEMA_CHARS_MAX = 65_536;
/** Levels of objects and arrays in one schema. */
export const SCHEMA_DEPTH_MAX = 32;
/** Characters of a found value that a message repeats. */
export const SHOWN_CHARS_MAX = 60;
