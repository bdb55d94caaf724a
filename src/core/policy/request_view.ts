import type { EgressRequest } from '../request/egress_request.ts';
import type { Opening } from './opening.ts';
import { METHOD_PARAMETER } from './plan.ts';

/** One request with what every rule asks about it computed once. */
export interface RequestView {
  readonly request: EgressRequest;
  /** A CONNECT: scheme, method, path and query are hidden. */
  readonly isTunnel: boolean;
  /** What becomes of the CONNECT as far as allow rules go; those are asked before it is known. */
  readonly opening: Opening;
  /** A WebSocket handshake: an allow rule grants it by name alone. */
  readonly isUpgrade: boolean;
  /** The client sent an override, so a server may act on another method or path than the visible one. */
  readonly isOverridden: boolean;
  /** Every path a server might take this one for; a deny rule matches any of them. Empty when there is no path. */
  readonly readings: readonly string[];
}

export function viewOf(request: EgressRequest, opening: Opening = 'none'): RequestView {
  const isTunnel = request.protocol === 'connect';
  return {
    request,
    isTunnel,
    opening,
    isUpgrade: request.protocol === 'websocket',
    // Nothing that came with a CONNECT reaches the destination.
    isOverridden:
      !isTunnel && (request.override_headers.length > 0 || request.query_names.includes(METHOD_PARAMETER)),
    readings: isTunnel ? [] : readingsOf(request),
  };
}

function readingsOf({ path, path_normal = path }: EgressRequest): readonly string[] {
  if (path === undefined || path_normal === undefined) return [];
  const readings = path_normal === path ? [path] : [path, path_normal];
  // Servlet containers cut `;parameters` off each segment: /admin;x is /admin there.
  if (path_normal.includes(';')) readings.push(withoutParameters(path_normal));
  return readings;
}

function withoutParameters(path: string): string {
  return path.replace(/;[^/]*/g, '').replace(/\/{2,}/g, '/');
}
