/** Stands in the access log where a folded denial has no receipt id. No receipt has it: ids are UUIDs. */
export const FOLDED_RECEIPT = 'folded';
