//! What the machine allows: the cryptography and the system calls that a packet cannot do without, and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark that cannot be set up shall say so"
)]

use std::hint::black_box;
use std::io::{IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use hmac::{Hmac, Mac};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};
use sha1::Sha1;

/// 20 ms of G.711, its header, and a tag.
const PACKET: usize = 12 + 160 + 16;
/// Packets with one system call.
const BATCH: usize = 32;

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

/// To open or to seal one packet, by the ciphers alone.
fn ciphers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cipher");
    group.throughput(Throughput::Elements(1));
    for (name, algorithm, length) in [("AES-128-GCM", &AES_128_GCM, 16), ("AES-256-GCM", &AES_256_GCM, 32)] {
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &[7; 32][..length]).unwrap());
        let mut packet = [0; PACKET];
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let (header, rest) = packet.split_at_mut(12);
                let nonce = Nonce::assume_unique_for_key([9; 12]);
                black_box(key.seal_in_place_separate_tag(nonce, Aad::from(&*header), &mut rest[..160]).unwrap())
            });
        });
    }
    let (aes, hmac) =
        (Aes128::new_from_slice(&[7; 16]).unwrap(), <Hmac<Sha1> as Mac>::new_from_slice(&[8; 20]).unwrap());
    let mut packet = [0; PACKET];
    group.bench_function("AES-128-CM with HMAC-SHA1", |bench| {
        bench.iter(|| {
            let stream = CtrCore::<_, Ctr32BE>::inner_iv_init(&aes, &[9; 16].into());
            stream.apply_keystream_partial((&mut packet[12..172]).into());
            let mut hmac = hmac.clone();
            hmac.update(&packet[..172]);
            hmac.update(&[0; 4]);
            black_box(hmac.finalize().into_bytes());
        });
    });
    let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[8; 20]);
    group
        .bench_function("HMAC-SHA1 by ring", |bench| bench.iter(|| black_box(ring::hmac::sign(&hmac, &packet[..172]))));
    group.finish();
}

/// Times `send` for a batch, with the listener emptied in between.
fn sending(listener: &UdpSocket, rounds: u64, mut send: impl FnMut()) -> Duration {
    let mut buffer = [0; 2048];
    let mut took = Duration::ZERO;
    for _ in 0..rounds {
        let began = now();
        send();
        took += began.elapsed();
        while listener.recv_from(&mut buffer).is_ok() {}
    }
    took
}

/// Times `receive` for a batch that has been sent.
fn receiving(speaker: &UdpSocket, listener: &UdpSocket, rounds: u64, mut receive: impl FnMut()) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..rounds {
        for _ in 0..BATCH {
            speaker.send_to(&[0; PACKET], listener.local_addr().unwrap()).unwrap();
        }
        let began = now();
        receive();
        took += began.elapsed();
    }
    took
}

/// One packet through the kernel, over loopback: a sender pays for its delivery, too.
fn system_calls(criterion: &mut Criterion) {
    let (speaker, listener) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    listener.set_nonblocking(true).unwrap();
    let to = listener.local_addr().unwrap();
    let mut group = criterion.benchmark_group("udp");
    group.throughput(Throughput::Elements(BATCH as u64));
    let packet = [0; PACKET];
    group.bench_function("sendto, each", |bench| {
        bench.iter_custom(|rounds| {
            sending(&listener, rounds, || {
                (0..BATCH).for_each(|_| assert_eq!(speaker.send_to(&packet, to).unwrap(), PACKET))
            })
        });
    });
    group.bench_function("sendmmsg", |bench| {
        let to = to.as_any();
        bench.iter_custom(|rounds| {
            sending(&listener, rounds, || {
                let part = [IoSlice::new(&packet)];
                let mut beside: [SendAncillaryBuffer<'_, '_, '_>; BATCH] = std::array::from_fn(|_| Default::default());
                let mut messages = beside.each_mut().map(|beside| MMsgHdr::new_with_addr(&to, &part, beside));
                assert_eq!(sendmmsg(&speaker, &mut messages, SendFlags::empty()), Ok(BATCH));
            })
        });
    });
    group.bench_function("recvfrom, each", |bench| {
        let mut buffer = [0; 2048];
        bench.iter_custom(|rounds| {
            receiving(&speaker, &listener, rounds, || {
                (0..BATCH).for_each(|_| assert_eq!(listener.recv_from(&mut buffer).unwrap().0, PACKET));
            })
        });
    });
    for (name, at_once) in [("recvmmsg", BATCH), ("recvmmsg, one each", 1)] {
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
        let mut buffers = vec![[0; 2048]; BATCH];
        group.bench_function(name, |bench| {
            bench.iter_custom(|rounds| {
                receiving(&speaker, &listener, rounds, || {
                    for _ in 0..BATCH / at_once {
                        let mut places: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
                        let places = places.iter_mut().take(at_once);
                        let taken = recvmmsg(listener.as_raw_fd(), &mut headers, places, MsgFlags::MSG_DONTWAIT, None);
                        assert_eq!(taken.unwrap().count(), at_once);
                    }
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ciphers, system_calls);
criterion_main!(benches);
