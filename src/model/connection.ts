/** Connections: what the director remembers of each flow that it has scheduled, and of each persistent client. */

export interface ConnectionEndpoint {
  /** Canonical. */
  readonly address: string;
  /** 0 to 65535; 0 at the client is a persistence template, or a connection whose client port is not yet known. */
  readonly port: number;
}

/** What a persistence engine recognised the client by. */
export interface EngineData {
  /** The engine's name; `sip` is the kernel's only one. */
  readonly name: string;
  /**
   * For `sip` the Call-ID, just as the network sent it: escape it before a terminal sees it. Read as UTF-8, which SIP
   * is (RFC 3261, 7); each byte that is not becomes U+FFFD.
   */
  readonly data: string;
}

export interface Connection {
  /** The kernel's word: `TCP`, `UDP`, `SCTP`, `ICMP`, `IP_50` for a number without a name, `IP` (see `fwmark`). */
  readonly protocol: string;
  readonly client: ConnectionEndpoint;
  readonly virtual: ConnectionEndpoint;
  /** The real server; through a tunnel its family may differ from the others'. */
  readonly destination: ConnectionEndpoint;
  /** The kernel's word: `ESTABLISHED`, `FIN_WAIT`, `UDP`; `NONE` or `ASSURED` for templates. */
  readonly state: string;
  /** Seconds until the entry is dropped if nothing more comes, 0 to 4294967295. */
  readonly expires: number;
  /** With protocol `IP`, the template of a firewall-mark service: its mark, which stands in the virtual address. */
  readonly fwmark?: number | undefined;
  readonly engine?: EngineData | undefined;
}
