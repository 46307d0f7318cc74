"""What speech is like after the relay has decoded and encoded it: PESQ (ITU-T P.862, wide band P.862.2) of every pair of
codecs, against the reference codecs one after the other without a relay between them.

    measure.py SPEECH_PROGRAM FOLDER

SPEECH_PROGRAM is `relay/media/examples/speech.rs`, FOLDER is for what is in between. Fails where the relay is worse than the
references by a tenth of a MOS, or where lost packets cost more than they may.
"""

import pathlib
import random
import struct
import subprocess
import sys
from multiprocessing import Pool

import numpy as np
from codecs_reference import CODECS, Opus, resample
from pesq import pesq

SENTENCES = [
    ("en-gb", "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."),
    ("en-us+f3", "A large size in stockings is hard to sell. The boy was there when the sun rose."),
]
WORST = 0.1
# The relay and the references do not lose the same sound where packets wait for each other.
WORST_OF_LOSS = 0.3


def speech(folder):
    """A man's and a woman's voice, at 16 kHz, with half a second of silence around each; they are as long as each other."""
    parts = []
    for voice, sentence in SENTENCES:
        wav, raw = folder / "voice.wav", folder / "voice.raw"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "-w", wav, sentence], check=True)
        subprocess.run(["sox", "-D", wav, "-r", "16000", "-c", "1", "-b", "16", "-t", "raw", raw, "norm", "-6"], check=True)
        parts.append(np.fromfile(raw, np.int16))
    length = (max(len(part) for part in parts) + 16000) // 640 * 640
    return np.concatenate([np.pad(part, (8000, length - 8000 - len(part))) for part in parts])


def write(path, packets):
    def record(packet):
        return struct.pack("<H", 0xFFFF) if packet is None else struct.pack("<H", len(packet)) + packet

    path.write_bytes(b"".join(map(record, packets)))


def read(path):
    data, at, packets = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<H", data, at)
        packets.append(data[at + 2 : at + 2 + length] if length < 0xFFFF else None)
        at += 2 + (length if length < 0xFFFF else 0)
    return packets


def lossy(packets, seed=5):
    """One in twenty is lost."""
    dice = random.Random(seed)
    return [b"" if dice.random() < 0.05 else packet for packet in packets]


class Bench:
    """Collects what is to go through the relay, sends it there in one go, and scores what comes back."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.sound = speech(folder)
        self.jobs, self.cases = [], []
        # Of cases whose packets are decoded otherwise than their codec's usually are.
        self.decoders = {}

    def encoded(self, name, codec=None):
        codec = codec or CODECS[name]
        return codec.encode(resample(self.sound, codec.rate, 16000))

    def relay(self, key, source, target, packets, loss=0, options="-", on_the_way=None, decoder=None):
        """A case: packets of one codec into the relay, and what the reference makes of what comes out."""
        into, out = (self.folder / f"{len(self.jobs)}.{end}" for end in ("in", "out"))
        write(into, packets)
        self.jobs.append(f"{source} {target} {into} {out} {loss} {options}")
        self.cases.append((key, source, target, out, on_the_way, decoder or CODECS[target]))

    def scores(self):
        jobs = self.folder / "jobs"
        jobs.write_text("\n".join(self.jobs))
        subprocess.run([self.program, jobs], check=True)
        return dict(zip([case[0] for case in self.cases], scored([self.heard(*case[1:]) for case in self.cases])))

    def heard(self, source, target, out, on_the_way, decoder):
        packets = read(out)
        packets = on_the_way(packets) if on_the_way else packets
        return self.judged(source, target, decoder.decode(packets))

    def references(self):
        """The same with the reference codecs one after the other, where the relay is between them."""

        def chain(key, source, target, out, on_the_way, decoder):
            if on_the_way:
                return self.heard(source, target, out, on_the_way, decoder)
            first, second = self.decoders.get(key, CODECS[source]), CODECS[target]
            between = first.decode(read(out.with_suffix(".in")))
            return self.judged(source, target, second.decode(second.encode(resample(between, second.rate, first.rate))))

        return dict(zip([case[0] for case in self.cases], scored([chain(*case) for case in self.cases])))

    def judged(self, source, target, heard):
        """What is compared with what: at 8 kHz where either codec is no better."""
        rate = min(CODECS[source].rate, CODECS[target].rate)
        return resample(self.sound, rate, 16000), resample(heard, rate, CODECS[target].rate), rate


def scored(judged):
    with Pool() as pool:
        return pool.map(mos, judged)


def mos(judged):
    """The mean of the two voices'. They lie so far apart that a fifth of a second's delay does not matter."""
    original, heard, rate = judged
    half = len(original) // 2
    parts = [(original[:half], heard[:half]), (original[half:], heard[half:])]
    return sum(pesq(rate, *part, "wb" if rate == 16000 else "nb") for part in parts) / len(parts)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(program, folder)
    pairs = [(source, target) for source in CODECS for target in CODECS if source != target]
    for source, target in pairs:
        bench.relay((source, target), source, target, bench.encoded(source))
    for source in CODECS:
        target = "PCMU" if source == "PCMA" else "PCMA"
        bench.relay(f"{source} as it is", source, target, bench.encoded(source))
        bench.relay(f"{source}, 5 % lost before the relay", source, target, lossy(bench.encoded(source)))
    fec = Opus(fec=True, loss=5)
    key = "opus with FEC, 5 % lost before the relay"
    bench.relay(key, "opus", "PCMA", lossy(bench.encoded("opus", fec)))
    bench.decoders[key] = fec
    for options, name, decoder in [("-", "without FEC", Opus()), ("fec", "with FEC", fec)]:
        key = f"PCMA to opus {name}, 5 % lost after the relay"
        bench.relay(key, "PCMA", "opus", bench.encoded("PCMA"), 5, options, lossy, decoder)
    bench.relay("PCMA to opus with DTX", "PCMA", "opus", bench.encoded("PCMA"), options="dtx")
    quiet = bench.encoded("opus", Opus(dtx=True))
    assert quiet.count(None) > 20, "the speaker's pauses are to be pauses"
    bench.relay("opus with DTX to PCMA", "opus", "PCMA", quiet)
    for source, target in [("PCMU", "PCMA"), ("opus", "PCMA"), ("G722", "opus")]:
        bench.relay(f"{source} to {target}, up to 60 ms late", source, target, bench.encoded(source), options="jitter")

    scores, references = bench.scores(), bench.references()
    worse = []

    def row(name, key, limit):
        difference = scores[key] - references[key]
        print(f"| {name} | {references[key]:.2f} | {scores[key]:.2f} | {difference:+.2f} |")
        if difference <= -limit:
            worse.append(f"{name}: {difference:+.2f}")

    print("| from | to | references alone | through the relay | difference |\n|---|---|---|---|---|")
    for pair in pairs:
        row(f"{pair[0]} | {pair[1]}", pair, WORST)
    print("\n| speech | references alone | through the relay | difference |\n|---|---|---|---|")
    for key in (key for key in scores if isinstance(key, str)):
        row(key, key, WORST_OF_LOSS)
    if worse:
        sys.exit("worse than the references: " + "; ".join(worse))


if __name__ == "__main__":
    main()
