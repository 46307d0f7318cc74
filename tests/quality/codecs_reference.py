"""The reference implementations, by ctypes: libopus, libspeex, spandsp and bcg729 as Debian has them.

None of these is what the relay is built with, save that libopus and libspeex are the same sources in another version.
"""

import ctypes as c

import numpy as np

OPUS = c.CDLL("libopus.so.0")
SPEEX = c.CDLL("libspeex.so.1")
SPANDSP = c.CDLL("libspandsp.so.2")
BCG729 = c.CDLL("libbcg729.so.0")

for library, names in [
    (OPUS, ["opus_encoder_create", "opus_decoder_create"]),
    (SPEEX, ["speex_lib_get_mode", "speex_encoder_init", "speex_decoder_init"]),
    (BCG729, ["initBcg729EncoderChannel", "initBcg729DecoderChannel"]),
    (SPANDSP, ["g722_encode_init", "g722_decode_init", "g711_init"]),
]:
    for name in names:
        getattr(library, name).restype = c.c_void_p


def samples(buffer):
    return np.frombuffer(buffer, np.int16).copy()


def frames(sound, length):
    """Whole frames of a sound, each a copy: some encoders write where they read."""
    return [sound[at : at + length].copy() for at in range(0, len(sound) - length + 1, length)]


class G711:
    rate = 8000

    def __init__(self, law):
        self.law = law

    def encode(self, sound):
        state = c.c_void_p(SPANDSP.g711_init(None, self.law))
        packets = []
        for frame in frames(sound, 160):
            out = c.create_string_buffer(160)
            SPANDSP.g711_encode(state, out, frame.ctypes.data_as(c.c_void_p), 160)
            packets.append(out.raw)
        return packets

    def decode(self, packets):
        state = c.c_void_p(SPANDSP.g711_init(None, self.law))
        sound = []
        for packet in packets:
            # Nothing makes up for what is lost.
            out = c.create_string_buffer(320)
            SPANDSP.g711_decode(state, out, packet, len(packet))
            sound.append(samples(out.raw))
        return np.concatenate(sound)


class G722:
    rate = 16000

    def encode(self, sound):
        state = c.c_void_p(SPANDSP.g722_encode_init(None, 64000, 0))
        packets = []
        for frame in frames(sound, 320):
            out = c.create_string_buffer(160)
            SPANDSP.g722_encode(state, out, frame.ctypes.data_as(c.c_void_p), 320)
            packets.append(out.raw)
        return packets

    def decode(self, packets):
        state = c.c_void_p(SPANDSP.g722_decode_init(None, 64000, 0))
        sound = []
        for packet in packets:
            out = c.create_string_buffer(640)
            SPANDSP.g722_decode(state, out, packet, len(packet))
            sound.append(samples(out.raw))
        return np.concatenate(sound)


class Opus:
    """At 16 kHz, with the bits the relay spends at that rate."""

    rate = 16000
    bitrate = 32000

    def __init__(self, fec=False, loss=0, dtx=False):
        self.fec, self.loss, self.dtx = fec, loss, dtx

    def encode(self, sound):
        error = c.c_int()
        voip = 2048
        state = c.c_void_p(OPUS.opus_encoder_create(self.rate, 1, voip, c.byref(error)))
        set_bitrate, set_fec, set_loss, set_dtx = 4002, 4012, 4014, 4016
        settings = {set_bitrate: self.bitrate, set_fec: int(self.fec), set_loss: self.loss, set_dtx: int(self.dtx)}
        for request, value in settings.items():
            OPUS.opus_encoder_ctl(state, request, c.c_int(value))
        packets = []
        for frame in frames(sound, self.rate // 50):
            out = c.create_string_buffer(1500)
            length = OPUS.opus_encode(state, frame.ctypes.data_as(c.c_void_p), len(frame), out, 1500)
            # Two bytes or less say that nobody speaks, and need not be sent.
            silent = self.dtx and length <= 2 and packets and len(packets[-1] or b"") <= 2
            packets.append(None if silent else out.raw[:length])
        return packets

    def decode(self, packets):
        """A lost packet is had from the next, where that tells of it; without FEC it is made up for."""
        error = c.c_int()
        state = c.c_void_p(OPUS.opus_decoder_create(self.rate, 1, c.byref(error)))
        length = self.rate // 50
        sound = []
        for packet, following in zip(packets, [*packets[1:], b""]):
            out = c.create_string_buffer(length * 2)
            if packet:
                OPUS.opus_decode(state, packet, len(packet), out, length, 0)
            elif self.fec and following:
                OPUS.opus_decode(state, following, len(following), out, length, 1)
            else:
                OPUS.opus_decode(state, None, 0, out, length, 0)
            sound.append(samples(out.raw))
        return np.concatenate(sound)


class Speex:
    def __init__(self, rate):
        self.rate = rate
        self.mode = c.c_void_p(SPEEX.speex_lib_get_mode(0 if rate == 8000 else 1))

    def encode(self, sound):
        state = c.c_void_p(SPEEX.speex_encoder_init(self.mode))
        set_quality = 4
        SPEEX.speex_encoder_ctl(state, set_quality, c.byref(c.c_int(8)))
        bits = c.create_string_buffer(256)
        SPEEX.speex_bits_init(bits)
        packets = []
        for frame in frames(sound, self.rate // 50):
            SPEEX.speex_bits_reset(bits)
            SPEEX.speex_encode_int(state, frame.ctypes.data_as(c.c_void_p), bits)
            SPEEX.speex_bits_insert_terminator(bits)
            out = c.create_string_buffer(500)
            length = SPEEX.speex_bits_write(bits, out, 500)
            packets.append(out.raw[:length])
        return packets

    def decode(self, packets):
        state = c.c_void_p(SPEEX.speex_decoder_init(self.mode))
        bits = c.create_string_buffer(256)
        SPEEX.speex_bits_init(bits)
        sound = []
        for packet in packets:
            out = c.create_string_buffer(self.rate // 50 * 2)
            if packet:
                SPEEX.speex_bits_read_from(bits, packet, len(packet))
                SPEEX.speex_decode_int(state, bits, out)
            else:
                SPEEX.speex_decode_int(state, None, out)
            sound.append(samples(out.raw))
        return np.concatenate(sound)


class G729:
    """Without the silence of Annex B."""

    rate = 8000

    def encode(self, sound):
        state = c.c_void_p(BCG729.initBcg729EncoderChannel(c.c_uint8(0)))
        packets = []
        for frame in frames(sound, 160):
            packet = b""
            for half in frames(frame, 80):
                out, length = c.create_string_buffer(10), c.c_uint8()
                BCG729.bcg729Encoder(state, half.ctypes.data_as(c.c_void_p), out, c.byref(length))
                packet += out.raw[: length.value]
            packets.append(packet)
        return packets

    def decode(self, packets):
        state = c.c_void_p(BCG729.initBcg729DecoderChannel())
        sound = []
        for packet in packets:
            for at in (0, 10):
                out = c.create_string_buffer(160)
                half = packet[at : at + 10]
                lost = c.c_uint8(not half)
                BCG729.bcg729Decoder(state, half, c.c_uint8(len(half)), lost, c.c_uint8(0), c.c_uint8(0), out)
                sound.append(samples(out.raw))
        return np.concatenate(sound)


CODECS = {
    "opus": Opus(),
    "G722": G722(),
    "speex/16000": Speex(16000),
    "PCMU": G711(1),
    "PCMA": G711(0),
    "G729": G729(),
    "speex/8000": Speex(8000),
}


def resample(sound, wanted, rate):
    """Between 8 and 16 kHz, with a filter of 255 taps that leaves nothing above 3.9 kHz."""
    if wanted == rate:
        return sound
    taps = np.arange(-127, 128)
    low_pass = np.sinc(taps * 0.49) * 0.49 * np.kaiser(255, 9.0)
    if wanted < rate:
        filtered = np.convolve(sound.astype(float), low_pass, "same")[::2]
    else:
        spread = np.zeros(len(sound) * 2)
        spread[::2] = sound
        filtered = np.convolve(spread, low_pass * 2, "same")
    return np.clip(np.round(filtered), -32768, 32767).astype(np.int16)
