//! What a second of speech costs to encode and to decode.

#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_g729::{Decoder, Encoder, FRAME, Frame, frames};

const STREAM: &[u8] = include_bytes!("../tests/fixtures/speech.g729");
/// Frames of a second.
const SECOND: usize = 100;

fn codec(criterion: &mut Criterion) {
    let stream: Vec<Frame> = frames(STREAM).into_iter().flatten().skip(50).take(SECOND).collect();
    let mut decoder = Decoder::new();
    let speech: Vec<[i16; FRAME]> = stream.iter().map(|frame| decoder.decode(frame)).collect();

    // One element is a frame of ten milliseconds: divided by 100, elements per second are times real time.
    let mut group = criterion.benchmark_group("g729");
    group.throughput(Throughput::Elements(SECOND as u64));
    group.bench_function("decode", |bench| {
        bench.iter(|| stream.iter().for_each(|frame| _ = black_box(decoder.decode(black_box(frame)))));
    });
    let mut encoder = Encoder::new();
    group.bench_function("encode", |bench| {
        bench.iter(|| speech.iter().for_each(|frame| _ = black_box(encoder.encode(black_box(frame)))));
    });
    let mut encoder = Encoder::with_silence_compression();
    group.bench_function("encode, silence compression", |bench| {
        bench.iter(|| speech.iter().for_each(|frame| _ = black_box(encoder.encode(black_box(frame)))));
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
