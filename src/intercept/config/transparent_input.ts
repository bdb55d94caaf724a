import type { TransparentSettings } from '../../config/settings.ts';

/** One listener of connections that something else redirected to it, on 127.0.0.1 and ::1. */
export interface TransparentListen {
  /** Unique; of statistics. */
  readonly name: string;
  readonly port: number;
  /** How the destination was kept: by the kernel's REDIRECT on this host, or as the address of a TPROXY socket. */
  readonly by: 'redirect' | 'tproxy';
  readonly identity: SourceIdentity;
}

/** What the way in tells about the agent: its user, its address, or nothing, and then each request has to tell. */
export type SourceIdentity = `uid:${number}` | 'address' | 'none';

/** Members of the settings without a port are off. */
export function transparentListens(settings: TransparentSettings): readonly TransparentListen[] {
  const { redirect_port, uid_listeners, tproxy_port, tproxy_identity } = settings;
  const redirect = 'redirect' as const;
  return [
    ...(redirect_port === undefined
      ? []
      : [{ name: 'transparent', port: redirect_port, by: redirect, identity: 'none' as const }]),
    ...uid_listeners.map(({ uid, port }) => ({
      ...{ name: `transparent_uid_${uid}`, port, by: redirect, identity: `uid:${uid}` as const },
    })),
    ...(tproxy_port === undefined
      ? []
      : [
          {
            ...{ name: 'transparent_tproxy', port: tproxy_port, by: 'tproxy' as const },
            identity: tproxy_identity === 'source' ? ('address' as const) : ('none' as const),
          },
        ]),
  ];
}
