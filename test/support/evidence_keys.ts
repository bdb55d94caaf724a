import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as nodeSign,
} from 'node:crypto';

export interface TestKey {
  readonly name: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly pem: string;
  /** Hex SHA-256 of the SPKI. */
  readonly keyId: string;
  /** Raw public key (Ed25519). */
  readonly raw: Buffer;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();
export const hexOf = (bytes: Uint8Array | string): string => sha256(bytes).toString('hex');

/** Keys of tests are derived from their names: deterministic, and worthless outside of tests. */
export function testKey(name: string): TestKey {
  const seed = sha256(`clawgress test key, never use: ${name}`);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return describeKey(name, 'ed25519', privateKey);
}

export function testP256Key(name: string): TestKey {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(sha256(`clawgress test key, never use: ${name}`));
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: ecdh.getPrivateKey().toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  return describeKey(name, 'ecdsa-p256', createPrivateKey({ key: jwk, format: 'jwk' }));
}

function describeKey(name: string, algorithm: TestKey['algorithm'], privateKey: KeyObject): TestKey {
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const digest = algorithm === 'ed25519' ? null : 'sha256';
  return {
    name,
    algorithm,
    privateKey,
    spki,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: hexOf(spki),
    raw: spki.subarray(-32),
    sign: (message) => new Uint8Array(nodeSign(digest, message, privateKey)),
  };
}
