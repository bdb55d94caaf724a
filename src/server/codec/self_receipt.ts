/** Stands in the access log where what an agent asked about itself has no receipt id. No receipt has it: ids are UUIDs. */
export const SELF_RECEIPT = 'self';
