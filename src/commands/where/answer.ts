/** Which server a client gets, and why. */

/** A client: its address, and perhaps its port. */
export interface Client {
  readonly address: string;
  readonly port: number | undefined;
}

export interface Answer {
  /** Undefined: refused, or unknown. */
  readonly server: string | undefined;
  readonly reason: 'connection' | 'template' | 'hash' | 'fallback' | 'refused' | 'unknown';
  readonly text: string;
  readonly slot?: number | undefined;
  readonly slots?: number | undefined;
}

export const unknown = (text: string): Answer => ({ server: undefined, reason: 'unknown', text });
export const refused = (text: string): Answer => ({ server: undefined, reason: 'refused', text });
