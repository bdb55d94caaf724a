import { createHash, type Hash } from 'node:crypto';
import type { RollingDigest } from '../core/answer/rolling_digest.ts';

export function newDigest(): RollingDigest {
  return rolling(createHash('sha256'));
}

function rolling(hash: Hash): RollingDigest {
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    copy: () => rolling(hash.copy()),
    hex: () => hash.copy().digest('hex'),
  };
}
