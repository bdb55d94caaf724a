import type { FramesSeen, RelayEndCause } from '../core/relay/relay_end.ts';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import type { HeldRoom } from './held_room.ts';
import { Meter } from './meter.ts';
import type { RelayHost, RelayPlaces, RelayProtocol } from './ports.ts';
import { sendReport } from './send_report.ts';

/** A stream without a cap of its own; Envoy ends it by then, too. */
const STREAM_SECONDS_MAX = 3_600;

export interface SessionSetting {
  readonly places: RelayPlaces;
  readonly host: RelayHost;
  readonly order: RelayTicket;
  readonly protocol: RelayProtocol;
  readonly room: HeldRoom;
}

/** The life of one relayed stream, whatever carries it: its bytes, its time, its one end and the report of it. */
export class Session {
  readonly meter: Meter;
  readonly order: RelayTicket;
  /** What frames were seen, for the report. */
  framesSeen: (() => FramesSeen) | undefined;
  readonly #setting: SessionSetting;
  readonly #timer: NodeJS.Timeout;
  #held = 0;
  #cut: ((cause: RelayEndCause) => void) | undefined;
  #end: Promise<void> | undefined;

  constructor(setting: SessionSetting) {
    this.#setting = setting;
    this.order = setting.order;
    this.meter = new Meter(setting.order.max_bytes);
    const seconds = Math.min(setting.order.max_seconds ?? STREAM_SECONDS_MAX, STREAM_SECONDS_MAX);
    this.#timer = setTimeout(() => this.cut('stream_time'), seconds * 1_000);
    setting.host.tell({ kind: 'opened', protocol: setting.protocol });
  }

  /** Who breaks the stream off when its time is up or the relay stops. The last one counts. */
  onCut(cut: (cause: RelayEndCause) => void): void {
    this.#cut = cut;
  }

  cut(cause: RelayEndCause): void {
    this.#cut?.(cause);
  }

  /** Holds so many bytes back from now on. False when the relay has no room for them. */
  hold(bytes: number): boolean {
    if (!this.#setting.room.change(this.#held, bytes)) return false;
    this.#held = bytes;
    return true;
  }

  /** Reports the end, once: the first cause is the cause. MUST be awaited before either side sees the stream close. */
  end(cause: RelayEndCause): Promise<void> {
    this.#end ??= this.#report(cause);
    return this.#end;
  }

  /** Both sides are closed. */
  over(): void {
    clearTimeout(this.#timer);
    this.hold(0);
  }

  async #report(cause: RelayEndCause): Promise<void> {
    const { places, host, order, protocol } = this.#setting;
    const bytes = this.meter.bytes;
    const frames = this.framesSeen === undefined ? {} : { frames: this.framesSeen() };
    host.tell({ kind: 'ended', protocol, cause, ...bytes });
    const isTaken = await sendReport(places, order, { cause, ...bytes, ...frames });
    if (!isTaken) host.tell({ kind: 'unreported' });
  }
}
