// Generated from policies/policy.schema.json by `npm run gen`. Do not edit.
import type { ErrorObject } from 'ajv';
import type { PolicyDocument } from './policy_document.ts';

declare const validate: {
  (data: unknown): data is PolicyDocument;
  errors?: ErrorObject[] | null;
};
export default validate;
