// The file format that tcpdump writes (draft-ietf-opsawg-pcap), read in pieces as they come.

const fileHeader = 24;
const packetHeader = 16;

export class PcapReader {
  private bytes = Buffer.alloc(0);
  private begun = false;

  /** The packets that are complete with these bytes. */
  read(bytes: Buffer): Buffer[] {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    if (!this.begun && this.bytes.length < fileHeader) return [];
    if (!this.begun) this.begin();
    const packets: Buffer[] = [];
    while (this.bytes.length >= packetHeader) {
      const end = packetHeader + this.bytes.readUInt32LE(8);
      if (this.bytes.length < end) break;
      packets.push(this.bytes.subarray(packetHeader, end));
      this.bytes = this.bytes.subarray(end);
    }
    return packets;
  }

  /** The machine's own byte order, and every machine that runs the lab is little endian. */
  private begin(): void {
    const magic = this.bytes.readUInt32LE(0);
    const linkType = this.bytes.readUInt32LE(20);
    if (magic !== 0xa1b2c3d4 || linkType !== 1) throw new Error('this is no capture of Ethernet frames');
    this.bytes = this.bytes.subarray(fileHeader);
    this.begun = true;
  }
}
