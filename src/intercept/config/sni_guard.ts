import { HOST_STATE, STAMP_STATE } from './tunnel.ts';
import { extension, type Message } from './typed.ts';

/**
 * Lets a connection pass when the gateway vouched for its tunnel and the server name of its ClientHello is the host that
 * was judged. A missing fact is an error of the expression, and that is a refusal.
 */
export function sniGuard(stamp: string): Message {
  const condition = call(
    '_&&_',
    call('_==_', call('bytes', text(stamp)), state(STAMP_STATE)),
    call('_==_', call('bytes', SERVER_NAME), state(HOST_STATE)),
  );
  return extension('cg.sni', 'envoy.extensions.filters.network.rbac.v3.RBAC', {
    stat_prefix: 'sni_',
    rules: {
      action: 'ALLOW',
      policies: { same_name: { permissions: [{ any: true }], principals: [{ any: true }], condition } },
    },
  });
}

// Envoy takes the expression parsed; the text of it would be:
// bytes('<stamp>') == filter_state['cg.stamp'] && bytes(connection.requested_server_name) == filter_state['cg.host']
const name = (identifier: string): Message => ({ ident_expr: { name: identifier } });
const text = (value: string): Message => ({ const_expr: { string_value: value } });
const call = (fn: string, ...args: readonly Message[]): Message => ({ call_expr: { function: fn, args } });
const state = (key: string): Message => call('_[_]', name('filter_state'), text(key));
const SERVER_NAME: Message = {
  select_expr: { operand: name('connection'), field: 'requested_server_name' },
};
