//! RTP, RTCP and STUN: whatever reaches two telephones' ports and the browsers' socket, nobody is sent more than came,
//! and no timer is left behind.
#![no_main]

mod bench;

use bench::{Bench, OTHER, PHONE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut bench = Bench::new();
    // Each datagram is led by where it goes to and how long it is.
    let mut rest = data;
    while let [target, length, after @ ..] = rest {
        let (datagram, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        let before = bench.sent;
        let is_report = match target % 5 {
            0 => bench.rtp(PHONE, datagram),
            1 => bench.rtp(OTHER, datagram),
            2 => bench.rtcp(PHONE, datagram),
            3 => bench.rtcp(OTHER, datagram),
            _ => bench.shared(datagram),
        };
        let bound = if is_report { 4 } else { 1 };
        assert!(bench.sent - before <= bound, "one datagram made {}", bench.sent - before);
        bench.pass(u64::from(target / 5));
    }
    bench.end();
});
