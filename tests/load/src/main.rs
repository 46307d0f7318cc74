//! The ends of many calls at once, for `cargo xtask bench media` and `cargo xtask bench soak`.
//!
//! One thread has all sockets: browsers (ICE, DTLS-SRTP, each on a socket of its own) and telephones (plain RTP). They send
//! speech in packets of 20 ms, and every packet that arrives is held against the one that was sent. Whoever makes the calls
//! says over a TCP connection what is to be done ([`control`]): this program knows no signalling, so that the same ends
//! can be put before any server. One such server is here: the least that any can do ([`floor`]).
#![expect(clippy::print_stdout, reason = "says where it is reached")]

mod browser;
mod clock;
mod control;
mod end;
mod error;
mod floor;
mod generator;
mod ice;
mod latency;
mod report;
mod schedule;
mod socket;
mod speech;
mod srtp;
mod stream;

use crate::error::Error;
use crate::generator::Generator;
use crate::speech::Speech;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        // The ends of calls, which say what is in these files: one in G.711, one of 16 bits at 48 kHz, both without a header.
        [task, narrow, wide] if task == "ends" => {
            Generator::new(Speech::new(&std::fs::read(narrow)?, &std::fs::read(wide)?)?)?.run()
        }
        // What the machine allows, at this address.
        [task, address] if task == "floor" => floor::run(address.parse().map_err(|_| Error::Usage("floor ADDRESS"))?),
        _ => Err(Error::Usage("ends NARROW WIDE | floor ADDRESS")),
    }
}
