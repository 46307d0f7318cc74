/** ITU-T G.711 companding: RTP payload files for peers that send bytes as they are, and the relay's own sounds. */

export function toALaw(samples: Float32Array): Buffer {
  return Buffer.from(samples.map((sample) => aLaw(Math.round(sample * 32767))));
}

export function toMuLaw(samples: Float32Array): Buffer {
  return Buffer.from(samples.map((sample) => muLaw(Math.round(sample * 32767))));
}

/** Samples at 8000 per second. */
export function fromMuLaw(bytes: Buffer): Float32Array {
  return Float32Array.from(bytes, (byte) => {
    const code = ~byte & 0xff;
    const magnitude = (((code & 0x0f) << 3) + 132) << ((code >> 4) & 0x07);
    return ((code & 0x80 ? -1 : 1) * (magnitude - 132)) / 32768;
  });
}

function aLaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(32767, Math.abs(sample)) >> 3;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude | 1) - 4);
  const mantissa = (magnitude >> Math.max(1, exponent)) & 0x0f;
  return ((sign | (exponent << 4) | mantissa) ^ 0x55) & 0xff;
}

function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32635, Math.abs(sample)) + 132;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}
