import { lstatSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A socket on its way to a recorder, and the event that says that the other end is who it should be. */
export interface Dialled {
  readonly socket: Socket;
  readonly ready: 'connect' | 'secureConnect';
}

export type Dial = () => Dialled;

/** Throws when the socket is missing, or is not one that our own user alone can serve. */
export function dialUnix(path: string): Dial {
  return () => {
    const found = lstatSync(path);
    const isOurs = typeof process.getuid !== 'function' || found.uid === process.getuid();
    if (!found.isSocket() || !isOurs || (found.mode & 0o077) !== 0) {
      throw new Error(`${path} is not a socket of this user with mode 0600`);
    }
    return { socket: connect(path), ready: 'connect' };
  };
}

/** PEM texts. */
export interface TlsDial {
  readonly host: string;
  readonly port: number;
  /** Authority of the recorder's certificate; the public ones do not count. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The recorder's name, which its certificate must bear. */
  readonly server_name: string;
}

export function dialTls({ host, port, ca, cert, key, server_name }: TlsDial): Dial {
  return () => {
    const socket = connectTls({
      ...{ host, port, ca, cert, key },
      servername: server_name,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
    });
    socket.setNoDelay(true);
    return { socket, ready: 'secureConnect' };
  };
}
