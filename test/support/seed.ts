/**
 * Preloaded into every file of `npm test` and of `npm run test:sabotage`: properties draw the same inputs each time, so
 * that red means the change and not the draw, and a sabotage is proven caught by the very inputs that guard the line.
 * `TEST_SEED=<n>` draws others, `TEST_SEED=random` others each time; so does running a file alone.
 */
import fc from 'fast-check';

const SEED = 20_251_121;

const asked = process.env['TEST_SEED'] ?? String(SEED);
if (asked !== 'random') {
  if (!/^\d{1,9}$/.test(asked))
    throw new Error(`TEST_SEED is neither a number of up to 9 digits nor 'random': ${asked}`);
  fc.configureGlobal({ seed: Number(asked) });
}
